"""Times one model in one runtime on request: `peer_worker.py RUNTIME MODEL INPUT.npy --threads 2`.

Prints "answer" after the first run; --output writes what it was. Then, for each line on stdin that says how many
seconds to measure, prints one JSON object with the median of the runs in milliseconds: the protocol of
../graph_worker.cc. Runs before the first line's measurement warm up.
"""
import argparse
import json
import statistics
import sys
import time

import numpy

import runtimes

LEAST_RUNS = 3


def measure(run, seconds):
    times, begin = [], time.perf_counter()
    while len(times) < LEAST_RUNS or time.perf_counter() - begin < seconds:
        start = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - start))
    return {"median_ms": statistics.median(times), "runs": len(times)}


def serve(run):
    for line in sys.stdin:
        print(json.dumps(measure(run, float(line))), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runtime")
    parser.add_argument("model")
    parser.add_argument("input")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--option", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--output")
    arguments = parser.parse_args()
    x = numpy.load(arguments.input)
    options = dict(option.split("=") for option in arguments.option)
    run, version = runtimes.find(arguments.runtime).load(arguments.model, arguments.threads, **options)
    answer = run(x)
    print("answer", flush=True)
    if arguments.output:
        numpy.save(arguments.output, numpy.asarray(answer, numpy.float32)[numpy.newaxis])
    print(json.dumps({"version": version}), flush=True)
    serve(lambda: run(x))


if __name__ == "__main__":
    main()
