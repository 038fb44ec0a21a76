"""Training steps of the same graph in Sluice, TensorFlow and PyTorch, in turn.

    build/release/bin/sluice export lenet --training --input-type float -o /tmp/lenet.pb
    /tmp/peers/bin/python tests/bench/peers/compare_training.py /tmp/lenet.pb --batch 64 --work /tmp/lenet_training

A step is forward, backward and momentum update, with weight decay where the graph has it; the loss is fetched.
TensorFlow runs the same graph file with oneDNN on and off (grouped convolutions group by group: it lacks their
gradients), PyTorch a module made of it with both memory formats. First the losses of the first steps must agree (to
1e-3 of the largest; without dropout, whose masks no two share). Then all settings are timed once and the fastest of each peer goes
on: all workers stay alive, and each round measures each of them once. The ratio of a round is the faster peer's time
over ours; a row holds at a median of 1 and a lower quartile of 0.95.
WORK keeps the files, results.json (finished rounds are not measured again) and report.md.

    compare_training.py --report WORK WORK …    prints one table of what several comparisons found
"""
import contextlib
import os
import statistics
import subprocess
import sys

from harness import command, machine, npy
from harness.command import log
from harness.store import Store
from harness.table import markdown, number, quartiles
from harness.worker import Worker, WorkerFailed

HERE = os.path.dirname(os.path.abspath(__file__))
SETTINGS = {  # (runtime, variant): environment, arguments of its worker
    ("sluice", "default"): ({}, []),
    ("tensorflow", "oneDNN"): ({"TF_ENABLE_ONEDNN_OPTS": "1"}, []),
    ("tensorflow", "no oneDNN"): ({"TF_ENABLE_ONEDNN_OPTS": "0"}, []),
    ("torch", "default"): ({}, []),
    ("torch", "channels_last"): ({}, ["--channels-last"]),
}
NAMES = {"sluice": "Sluice", "tensorflow": "TensorFlow", "torch": "PyTorch"}
NOTES = """* TensorFlow: one session, make_callable, intra_op_parallelism_threads, inter 1, TF_ENABLE_ONEDNN_OPTS as named.
* PyTorch: eager, set_num_threads, SGD(foreach=True), zero_grad(set_to_none=True), memory format as named, OpenBLAS.
* Sluice: one callable of a session with `threads`."""
CHECKED_STEPS = 5
TOLERANCE = 1e-3


def parse_arguments():
    parser = command.parser(__doc__, rounds=15, seconds=0.5, timeout=3600)
    parser.add_argument("--batch", type=int, default=64)
    return command.parse(parser)


class Comparison:
    def __init__(self, arguments):
        self.arguments = arguments
        os.makedirs(arguments.work, exist_ok=True)
        self.store = Store(os.path.join(arguments.work, "results.json"))

    def run(self):
        self.store["machine"] = machine.describe()
        self.store["network"] = os.path.splitext(os.path.basename(self.arguments.graph))[0]
        self.store["batch"] = self.arguments.batch
        self.prepare()
        for threads in self.arguments.threads.split(","):
            self.check(threads)
        for threads in self.arguments.threads.split(","):
            self.qualify(threads)
            self.compare(threads)

    def prepare(self):
        if os.path.exists(os.path.join(self.arguments.work, "done")):
            return
        log("the same step in every format")
        with open(os.path.join(self.arguments.work, "prepare.log"), "w") as output:
            prepare = [sys.executable, os.path.join(HERE, "prepare_training.py"), self.arguments.graph,
                       self.arguments.work, "--batch", str(self.arguments.batch)]
            if subprocess.run(prepare, stdout=output, stderr=output).returncode:
                sys.exit(f"{output.name} says why the graph could not be prepared")

    def start(self, runtime, variant, threads, output=None):
        """A worker; with `output`, one that drops nothing and writes its first losses."""
        environment, more = SETTINGS[runtime, variant]
        environment = {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads, "TF_CPP_MIN_LOG_LEVEL": "3",
                       **environment}
        work = self.arguments.work
        steps = ["--steps", str(CHECKED_STEPS), "--output", output] if output else []
        if runtime == "sluice":
            loss = Store(os.path.join(work, "optimizer.json"))["loss"]
            program = [self.arguments.worker, os.path.join(work, "check.pb" if output else "graph.pb"), "--init", "init",
                       "--feed", f"images={work}/nhwc.npy", "--feed", f"labels={work}/labels.npy", "--fetch", loss,
                       "--target", "train"]
        else:
            program = [sys.executable, os.path.join(HERE, "training_worker.py"), runtime, work, *more]
        return Worker([*program, "--threads", threads, *steps], int(threads), environment, self.arguments.timeout)

    def check(self, threads):
        """Whether the losses of the first steps agree with TensorFlow's without oneDNN, or else with the first."""
        key = f"losses/{threads}"
        if key in self.store:
            return
        losses = {}
        for runtime, variant in SETTINGS:
            output = os.path.join(self.arguments.work, f"{runtime}-{variant.replace(' ', '_')}-{threads}.npy")
            try:
                with self.start(runtime, variant, threads, output) as worker:
                    worker.wait_for_answer()
                    worker.finish()
                losses[f"{runtime}/{variant}"] = npy.read_floats(output)
            except WorkerFailed as error:
                self.store[f"failed/{threads}/{runtime}/{variant}"] = str(error)
                log(f"{runtime} ({variant}), {threads} threads: {error}")
        others = [name for name in losses if not name.startswith("sluice")]
        reference = losses[next((n for n in ("tensorflow/no oneDNN", "tensorflow/oneDNN") if n in losses), others[0])]
        if abs(reference[-1] - reference[0]) < 5 * TOLERANCE * abs(reference[0]):
            log(f"the loss hardly changes ({reference}): its agreement says little about gradients")
        for name, values in losses.items():
            # Each step multiplies what rounding made different, however small the loss has become by then.
            most = TOLERANCE * max(map(abs, reference))
            if not all(abs(a - b) <= most for a, b in zip(values, reference)):
                self.store[f"failed/{threads}/{name}"] = f"its losses {values} are not {reference}"
                log(f"{name}, {threads} threads: losses {values} are not {reference}")
        self.store[key] = losses

    def qualify(self, threads):
        for runtime, variant in SETTINGS:
            key = f"tried/{threads}/{runtime}/{variant}"
            if key in self.store or f"failed/{threads}/{runtime}/{variant}" in self.store:
                continue
            with self.start(runtime, variant, threads) as worker:
                worker.wait_for_answer()
                worker.measure(0, 2)
                self.store[key] = worker.measure(self.arguments.seconds, 2)["median_ms"]
                peak = worker.finish()
            self.store[f"peak/{threads}/{runtime}/{variant}"] = peak
            log(f"{self.store['network']}, {threads} threads, tried {runtime} ({variant}): {self.store[key]:.1f} ms, "
                f"peak {peak:.0f} MiB")

    def compare(self, threads):
        chosen = {}
        for runtime in NAMES:
            tried = {variant: self.store.get(f"tried/{threads}/{runtime}/{variant}") for r, variant in SETTINGS
                     if r == runtime}
            tried = {variant: time for variant, time in tried.items() if time is not None}
            if tried:
                chosen[runtime] = min(tried, key=tried.get)
        self.store[f"chosen/{threads}"] = chosen
        missing = [n for n in range(self.arguments.rounds) if f"round/{threads}/{n}" not in self.store]
        if not missing:
            return
        with contextlib.ExitStack() as stack:
            workers = {r: stack.enter_context(self.start(r, variant, threads)) for r, variant in chosen.items()}
            for worker in workers.values():
                worker.wait_for_answer()
                worker.measure(0, 3)
            for n in missing:
                times = {r: worker.measure(self.arguments.seconds, 1)["median_ms"] for r, worker in workers.items()}
                self.store[f"round/{threads}/{n}"] = times
                log(f"{self.store['network']}, {threads} threads, round {n + 1} of {self.arguments.rounds}: "
                    + ", ".join(f"{r} {t:.1f} ms" for r, t in times.items()))


def row(data, threads):
    rounds = [value for key, value in data.items() if key.startswith(f"round/{threads}/")]
    chosen = data[f"chosen/{threads}"]
    medians = {r: statistics.median(x[r] for x in rounds) for r in chosen}
    peers = {r: m for r, m in medians.items() if r != "sluice"}
    cells = [f"{number(medians[r])} ({chosen[r]})" if r != "sluice" and r in chosen else number(medians.get(r))
             for r in NAMES]
    if "sluice" not in medians or not peers:
        return [data["network"], data["batch"], threads, *cells, "–", "–"]
    best = min(peers, key=peers.get)
    low, middle, high = quartiles(x[best] / x["sluice"] for x in rounds)
    return [data["network"], data["batch"], threads, *cells, f"{middle:.2f} ({low:.2f}–{high:.2f})",
            "yes" if middle >= 1 and low >= 0.95 else "no"]


def report(results):
    rows = [row(data, key.split("/")[1]) for data in results for key in sorted(data) if key.startswith("chosen/")]
    table = markdown(["network", "batch", "threads", *(f"{n}, ms" for n in NAMES.values()), "ratio, median (quartiles)",
                      "holds"], rows)
    failed = [f"* {data['network']}, {key.split('/', 1)[1]}: {value}" for data in results for key, value in
              sorted(data.items()) if key.startswith("failed/")]
    rounds = min((sum(key.startswith(f"round/{t}/") for key in data) for data in results for t in
                  (key.split("/")[1] for key in data if key.startswith("chosen/"))), default=0)
    parts = [f"CPU: {machine.text(results[0]['machine'])}; {rounds} rounds", table, NOTES]
    return "\n\n".join(parts + (["Missing:\n\n" + "\n".join(failed)] if failed else []))


def main():
    arguments = parse_arguments()
    if arguments.report:
        print(report([Store(os.path.join(work, "results.json")).data for work in arguments.report]))
        return
    comparison = Comparison(arguments)
    comparison.run()
    command.write_report(arguments.work, report([comparison.store.data]))


if __name__ == "__main__":
    main()
