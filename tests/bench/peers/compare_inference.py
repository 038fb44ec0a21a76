"""The same frozen network in Sluice and in its peers, in turn.

    tests/bench/peers/make_environment /tmp/peers
    build/release/bin/sluice export lenet --input-type float -o /tmp/lenet.pb
    /tmp/peers/bin/python tests/bench/peers/compare_inference.py /tmp/lenet.pb --work /tmp/lenet

GRAPH is a GraphDef with one float placeholder and constants for weights; random weights take their place. Every
runtime gets it in its own format, all answers must agree (to 1e-3 of the largest logit), and only then is anything
timed: for each batch and number of threads, rounds in which every runtime runs once, in a fresh process that is
pinned to as many CPUs. Where a runtime has several settings, all are tried once and the fastest takes part.
WORK keeps the files, results.json (finished measurements are not made again) and report.md.

    compare_inference.py --report WORK WORK …    prints one table of what several comparisons found
"""
import json
import os
import subprocess
import sys

import runtimes
from harness import command, inference_report, machine
from harness.command import log
from harness.store import Store
from harness.worker import Worker, WorkerFailed

HERE = os.path.dirname(os.path.abspath(__file__))
WARM_UP_SECONDS = 0.2
QUALIFYING_ROUND = 0


def parse_arguments():
    parser = command.parser(__doc__, rounds=5, seconds=1, timeout=300)
    parser.add_argument("--fetch", default="logits")
    parser.add_argument("--size", help="HxWxC of a picture where the graph leaves it open")
    parser.add_argument("--batches", default="1,8")
    parser.add_argument("--runtimes", default=",".join(("sluice", *runtimes.PEERS)))
    parser.add_argument("--retry", action="store_true", help="try again what failed in an earlier call")
    return command.parse(parser)


class Comparison:
    def __init__(self, arguments):
        self.arguments = arguments
        os.makedirs(arguments.work, exist_ok=True)
        self.store = Store(os.path.join(arguments.work, "results.json"))
        if arguments.retry:
            self.store.remove(lambda value: isinstance(value, dict) and "error" in value)
        self.runtimes = [(name, runtimes.find(name)) for name in arguments.runtimes.split(",")]

    def run(self):
        self.store["machine"] = machine.describe()
        self.store["network"] = os.path.splitext(os.path.basename(self.arguments.graph))[0]
        self.store["settings"] = {name: runtime.SETTINGS for name, runtime in self.runtimes}
        self.store["commit"] = subprocess.run(["git", "-C", HERE, "describe", "--always", "--dirty"],
                                              capture_output=True, text=True).stdout.strip()
        for batch in self.arguments.batches.split(","):
            self.prepare(batch)
        # Everything is checked before anything is timed.
        cells = [(batch, threads) for batch in self.arguments.batches.split(",")
                 for threads in self.arguments.threads.split(",")]
        for batch, threads in cells:
            self.qualify(batch, threads)
        for batch, threads in cells:
            self.compare(batch, threads)

    def prepare(self, batch):
        folder = self.folder(batch)
        if not os.path.exists(os.path.join(folder, "problems.json")):
            log(f"batch {batch}: the network in every format")
            prepare = [sys.executable, os.path.join(HERE, "prepare.py"), self.arguments.graph, self.arguments.work,
                       "--fetch", self.arguments.fetch, "--batch", batch]
            prepare += ["--size", self.arguments.size] if self.arguments.size else []
            with open(os.path.join(self.arguments.work, "prepare.log"), "a") as output:
                if subprocess.run(prepare, stdout=output, stderr=output).returncode:
                    sys.exit(f"{output.name} says why the network could not be prepared")
        with open(os.path.join(folder, "problems.json")) as file:
            self.store[f"problems/{batch}"] = json.load(file)

    def qualify(self, batch, threads):
        """Runs every setting of every runtime once, and checks that all answer the same."""
        answers = []
        for name, runtime in self.runtimes:
            for variant in runtime.VARIANTS:
                path = os.path.join(self.folder(batch), f"{name}-{variant.replace(' ', '_')}-{threads}.npy")
                if self.measure(batch, threads, name, variant, QUALIFYING_ROUND, path):
                    answers.append([name, variant, path, runtime.LAYOUT])
        result = subprocess.run([sys.executable, os.path.join(HERE, "agree.py")], input=json.dumps(answers), text=True,
                                capture_output=True)
        if result.returncode == 2:
            sys.exit(f"batch {batch}, {threads} threads: {result.stderr}")
        found = json.loads(result.stdout)
        for name, variant, difference in found["differences"]:
            key = self.key(batch, threads, name, variant, QUALIFYING_ROUND)
            entry = {**self.store[key], "difference": difference}
            if difference > found["tolerance"]:
                entry["error"] = f"its answer differs by {difference:.2g} of the largest logit"
                log(f"batch {batch}, {threads} threads, {name} ({variant}): {entry['error']}")
            self.store[key] = entry

    def compare(self, batch, threads):
        chosen = []
        for name, runtime in self.runtimes:
            times = {variant: entry["median_ms"] for variant in runtime.VARIANTS
                     if "error" not in (entry := self.store[self.key(batch, threads, name, variant, QUALIFYING_ROUND)])}
            if times:
                chosen.append((name, min(times, key=times.get)))
        self.store[f"chosen/{batch}/{threads}"] = chosen
        for number in range(1, self.arguments.rounds + 1):
            for name, variant in chosen:
                self.measure(batch, threads, name, variant, number)

    def measure(self, batch, threads, name, variant, number, output=None):
        """One process. Returns whether it answered; what it measured, or why not, is in the store."""
        key = self.key(batch, threads, name, variant, number)
        if key not in self.store or (output and not os.path.exists(output) and "error" not in self.store[key]):
            self.store[key] = self.measured(batch, threads, name, variant, output)
            entry = self.store[key]
            said = entry.get("error") or (f"{entry['median_ms']:.3f} ms, first answer {entry['first_answer_s']:.2f} s, "
                                          f"peak {entry['peak_mib']:.0f} MiB")
            log(f"{self.store['network']} batch {batch}, {threads} threads, round {number} of {self.arguments.rounds}: "
                f"{name} ({variant}): {said}")
        return output is None or os.path.exists(output)

    def measured(self, batch, threads, name, variant, output):
        problems = self.store[f"problems/{batch}"]
        if name in problems:
            return {"error": problems[name]}
        runtime = runtimes.find(name)
        options = runtime.VARIANTS[variant]
        environment = runtime.ENVIRONMENT(threads, options) if hasattr(runtime, "ENVIRONMENT") else {}
        try:
            with Worker(self.command(batch, threads, name, runtime, options, output), int(threads), environment,
                        self.arguments.timeout) as worker:
                first = worker.wait_for_answer()
                if self.arguments.seconds > WARM_UP_SECONDS:
                    worker.measure(WARM_UP_SECONDS)
                result = worker.measure(self.arguments.seconds)
                return {**result, **worker.info, "first_answer_s": first, "peak_mib": worker.finish()}
        except WorkerFailed as error:
            return {"error": str(error)}

    def command(self, batch, threads, name, runtime, options, output):
        folder = self.folder(batch)
        pictures = os.path.join(folder, runtime.LAYOUT + ".npy")
        more = ["--output", output] if output else []
        if name == "sluice":
            with open(os.path.join(self.arguments.work, "interface.json")) as file:
                names = json.load(file)
            return [self.arguments.worker, os.path.join(self.arguments.work, runtime.MODEL), "--threads", threads,
                    "--feed", f"{names['input']}={pictures}", "--fetch", names["output"], *more]
        places = [os.path.join(folder, name), folder, self.arguments.work]
        model = next(path for place in places if os.path.exists(path := os.path.join(place, runtime.MODEL)))
        more += [f"--option={key}={value}" for key, value in options.items()]
        return [sys.executable, os.path.join(HERE, "peer_worker.py"), name, model, pictures, "--threads", threads, *more]

    def folder(self, batch):
        return os.path.join(self.arguments.work, f"batch{batch}")

    @staticmethod
    def key(batch, threads, name, variant, number):
        return f"measured/{batch}/{threads}/{name}/{variant}/{number}"


def main():
    arguments = parse_arguments()
    if arguments.report:
        results = [Store(os.path.join(work, "results.json")).data for work in arguments.report]
        print(inference_report.text([data for data in results if "settings" in data]))  # the others measured nothing
        return
    comparison = Comparison(arguments)
    comparison.run()
    command.write_report(arguments.work, inference_report.text([comparison.store.data]))


if __name__ == "__main__":
    main()
