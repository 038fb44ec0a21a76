"""A network on a GPU in Sluice and in PyTorch, eager and compiled, in turn.

    tools/gpu_bench resnet50 --work out/resnet50       again and again, until it says that everything is measured
    tools/gpu_bench --report out/resnet50 out/vgg16 …  one table of several

Inference at batch 1 and 64 and training steps at batch 64, each with TF32 and with bfloat16. A run begins with pictures in
the host's memory and ends with logits, or the loss, there. Needs a package of `tools/gpu_check pack`, a GPU, and a Python
with PyTorch for CUDA, NumPy and TensorBoard (whose protocol buffers read the graph) or TensorFlow. Of each cell, first every
variant runs once and answers are compared; then the workers of Sluice, of eager PyTorch and of its faster compiled form stay
alive, and each round measures each of them once. WORK keeps results.json (what is finished is not measured again) and
report.md.
"""
import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import time

from harness import machine
from harness.command import log, write_report
from harness.gpu_package import Failure, Package
from harness.gpu_report import report
from harness.store import Store
from harness.worker import Worker, WorkerFailed

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.abspath(os.path.join(HERE, "../../.."))
CELLS = [(task, batch, precision) for task, batch in (("inference", 1), ("inference", 64), ("training", 64))
         for precision in ("tf32", "bf16")]
MODES = ("eager", "compile", "compile_graphs")
TOLERANCE = {"tf32": 2e-2, "bf16": 1e-1}  # of the largest logit, or of the first loss where nothing is dropped
SECONDS_TO_COMPILE = 240  # that a worker may take to its first answer
# What `sluice export` is told for a precision. A build that does not know it has no such numbers.
EXPORT = {"tf32": [], "bf16": ["--mixed-precision", "bf16"]}


class OutOfTime(Exception):
    """The rest is for another call."""


class Comparison:
    def __init__(self, arguments):
        self.arguments = arguments
        self.deadline = time.monotonic() + arguments.budget
        here = ROOT if os.path.exists(os.path.join(ROOT, "package.json")) else os.path.join(ROOT, "build", "gpu_check")
        self.package = Package(arguments.package or here)
        self.environment = self.package.environment(arguments.python)
        self.gpu = self.package.describe_device(self.environment)
        self.check_python()
        os.makedirs(arguments.work, exist_ok=True)
        self.store = Store(os.path.join(arguments.work, "results.json"))

    def check_python(self):
        code = ("import numpy, torch\n"
                "import sys; sys.path.insert(0, sys.argv[1])\n"
                "import lowering.protos\n"
                "print('' if sys.argv[2] == 'cpu' or torch.cuda.is_available() else 'PyTorch finds no GPU')")
        asked = subprocess.run([self.arguments.python, "-c", code, HERE, self.peer_device], capture_output=True, text=True)
        if asked.returncode or asked.stdout.strip():
            lines = (asked.stdout + asked.stderr).strip().splitlines()
            said = lines[-1] if lines else f"exit code {asked.returncode}"
            raise Failure(f"{self.arguments.python} cannot be compared with: {said}")

    @property
    def peer_device(self):
        return "cpu" if self.package.is_simulated else "cuda"

    def run(self):
        self.store["network"] = self.arguments.network
        self.store["machine"] = {**machine.describe(), "gpu": self.gpu}
        self.store["commit"] = self.package.commit
        for cell in self.arguments.cells:
            self.prepare(cell)
            self.qualify(cell)
            self.compare(cell)

    def left(self, least):
        """Seconds until this call has to end. OutOfTime where these are fewer than `least`."""
        left = self.deadline - time.monotonic()
        if left < least:
            raise OutOfTime
        return left

    # --- The files ---

    def folder(self, cell):
        task, batch, precision = cell
        name = f"{task}{batch}" + ("" if precision == "tf32" else f"_{precision}")
        return os.path.join(self.arguments.work, name)

    def torch_folder(self, cell):
        """PyTorch converts by itself: every precision has the same network."""
        return self.folder((*cell[:2], "tf32"))

    def prepare(self, cell):
        task, batch, precision = cell
        folder, key = self.folder(cell), f"prepared/{'/'.join(map(str, cell))}"
        if os.path.exists(os.path.join(folder, "settings.json")) or key in self.store:
            return
        if precision != "tf32":
            self.prepare((task, batch, "tf32"))
        os.makedirs(folder, exist_ok=True)
        log(f"{task} at {batch}, {precision}: the network in both formats")
        exported = os.path.join(folder, "exported.pb")
        words = ["export", self.arguments.network, "--input-type", "float", "-o", exported, "--overwrite", *EXPORT[precision]]
        words += ["--training"] if task == "training" else []
        result = self.command([self.package.program("sluice"), *words, *self.arguments.export])
        if result.returncode == 0:
            more = [] if precision == "tf32" else ["--graph-only"]
            result = self.command([self.arguments.python, os.path.join(HERE, "prepare_gpu.py"), task, exported, folder,
                                   "--batch", str(batch), *more])
        if os.path.exists(exported):
            os.remove(exported)
        if result.returncode:
            lines = [line for line in result.stderr.splitlines() if line.strip()]
            if precision == "tf32":
                raise Failure(f"{self.arguments.network}: {lines[-1] if lines else result.returncode}")
            self.store[key] = {"error": lines[0] if lines else str(result.returncode)}

    def command(self, words):
        return subprocess.run(words, capture_output=True, text=True, env={**os.environ, **self.environment},
                              timeout=self.left(30))

    # --- The workers ---

    def start(self, cell, variant, output=None):
        task, _, precision = cell
        more = ["--output", output] if output else []
        threads = os.cpu_count()
        if variant == "sluice":
            folder, pictures = self.folder(cell), self.torch_folder(cell)
            with open(os.path.join(folder, "settings.json")) as file:
                fetch = json.load(file)["fetch"]
            words = [self.package.program("graph_worker"), os.path.join(folder, "graph.pb"), "--devices", self.package.device,
                     "--threads", str(threads), "--feed", f"images={pictures}/pictures.npy", "--fetch", fetch, *more]
            if task == "training":
                words += ["--init", "init", "--feed", f"labels={pictures}/labels.npy", "--target", "train", "--trace"]
            environment = self.environment
        else:
            words = [self.arguments.python, os.path.join(HERE, "gpu_worker.py"), self.torch_folder(cell), "--task", task,
                     "--precision", precision, "--mode", variant, "--device", self.peer_device, *more]
            cache = os.path.join(os.path.abspath(self.arguments.work), "inductor")
            environment = {"TORCHINDUCTOR_CACHE_DIR": cache, "PYTHONDONTWRITEBYTECODE": "1"}
        return Worker(words, threads, environment, self.left(20) + 60)

    @staticmethod
    def key(kind, cell, last):
        return "/".join([kind, *map(str, cell), str(last)])

    def qualify(self, cell):
        """Runs every variant once; all have to answer the same."""
        for variant in ("sluice", *MODES):
            key = self.key("tried", cell, variant)
            if key in self.store:
                continue
            if variant == "sluice" and (why := self.store.get(f"prepared/{'/'.join(map(str, cell))}")):
                self.store[key] = why
                continue
            self.left(SECONDS_TO_COMPILE if variant.startswith("compile") else 60)
            output = os.path.join(self.torch_folder(cell), f"{variant}-{cell[2]}.npy")
            try:
                with self.start(cell, variant, output) as worker:
                    first = worker.wait_for_answer()
                    worker.measure(0, 5)
                    found = worker.measure(self.arguments.seconds)
                    self.store[key] = {**worker.info, **found, "first_answer_s": first, "peak_mib": worker.finish()}
            except WorkerFailed as error:
                self.store[key] = {"error": str(error)}
            said = self.store[key]
            log(f"{self.arguments.network}, {cell}: {variant}: {said.get('error') or '%.3f ms' % said['median_ms']}")
        self.check_answers(cell)

    def check_answers(self, cell):
        key = f"agreed/{'/'.join(map(str, cell))}"
        if key in self.store or cell[0] == "training":  # dropout's masks differ, so losses do
            return
        answers = []
        for variant in (*MODES, "sluice"):
            path = os.path.join(self.torch_folder(cell), f"{variant}-{cell[2]}.npy")
            if "error" not in self.store[self.key("tried", cell, variant)]:
                answers.append(["sluice" if variant == "sluice" else "torch", variant, path, "nhwc"])
        result = subprocess.run([self.arguments.python, os.path.join(HERE, "agree.py"), str(TOLERANCE[cell[2]])],
                                input=json.dumps(answers), text=True, capture_output=True)
        if result.returncode:
            self.store[key] = {"error": result.stderr.strip()[-300:]}
            return
        found = json.loads(result.stdout)
        self.store[key] = {variant: difference for _, variant, difference in found["differences"]}
        for variant, difference in self.store[key].items():
            if difference > found["tolerance"]:
                entry = self.store[self.key("tried", cell, variant)]
                self.store[self.key("tried", cell, variant)] = {
                    **entry, "error": f"its answer differs by {difference:.2g} of the largest logit"}

    def chosen(self, cell):
        """The variants of the rounds: Sluice, eager PyTorch, and the faster of its compiled forms."""
        times = {v: entry["median_ms"] for v in ("sluice", *MODES)
                 if "error" not in (entry := self.store[self.key("tried", cell, v)])}
        compiled = min((v for v in times if v.startswith("compile")), key=times.get, default=None)
        return [v for v in ("sluice", "eager", compiled) if v in times]

    def compare(self, cell):
        chosen = self.chosen(cell)
        missing = [n for n in range(self.arguments.rounds) if self.key("round", cell, n) not in self.store]
        if not missing:
            return
        self.left(90)
        with contextlib.ExitStack() as stack:
            workers = {v: stack.enter_context(self.start(cell, v)) for v in chosen}
            for worker in workers.values():
                worker.wait_for_answer()
                worker.measure(0, 10)
            for n in missing:
                self.left(3 * self.arguments.seconds + 5)
                self.store[self.key("round", cell, n)] = {
                    v: worker.measure(self.arguments.seconds, 3)["median_ms"] for v, worker in workers.items()}
            medians = {v: statistics.median(self.store[self.key("round", cell, n)][v] for n in range(self.arguments.rounds))
                       for v in chosen}
        log(f"{self.arguments.network}, {cell}: " + ", ".join(f"{v} {t:.3f} ms" for v, t in medians.items()))


def parse_arguments():
    parser = argparse.ArgumentParser(prog="gpu_bench", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", nargs="?", help="resnet50, vgg16, googlenet, alexnet or another of `sluice models`")
    parser.add_argument("--work", help="the folder for everything that is written")
    parser.add_argument("--package", help="what `tools/gpu_check pack` made (build/gpu_check)")
    parser.add_argument("--python", default=sys.executable, help="that has PyTorch (this one)")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=0.5, help="of each measurement")
    parser.add_argument("--budget", type=float, default=540, help="seconds after which the call ends, to be repeated")
    parser.add_argument("--cells", help="such as inference/1/tf32,training/64/bf16; all six")
    parser.add_argument("--export", default="", help="further words for `sluice export`, such as '--width 1/8'")
    parser.add_argument("--report", nargs="+", metavar="WORK")
    arguments = parser.parse_args()
    if not arguments.report and not (arguments.network and arguments.work):
        parser.error("NETWORK and --work are needed")
    cells = [cell.split("/") for cell in arguments.cells.split(",")] if arguments.cells else CELLS
    arguments.cells = [(task, int(batch), precision) for task, batch, precision in cells]
    arguments.export = arguments.export.split()
    return arguments


def main():
    arguments = parse_arguments()
    if arguments.report:
        print(report([Store(os.path.join(work, "results.json")).data for work in arguments.report]))
        return 0
    try:
        comparison = Comparison(arguments)
    except Failure as error:
        print(f"gpu_bench: {error}; nothing was measured", file=sys.stderr)
        return 2
    is_done = True
    try:
        comparison.run()
    except Failure as error:
        print(f"gpu_bench: {error}", file=sys.stderr)
        return 2
    except (OutOfTime, WorkerFailed, subprocess.TimeoutExpired) as error:
        is_done = False
        log(f"not finished: {error or 'out of time'}")
    write_report(arguments.work, report([comparison.store.data]))
    print("everything is measured" if is_done else "call again to go on", file=sys.stderr)
    return 0 if is_done else 3


if __name__ == "__main__":
    sys.exit(main())
