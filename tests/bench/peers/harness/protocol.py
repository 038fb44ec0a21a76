"""The side of a worker (harness/worker.py has the other): "answer" after the first run, then an answer to each line.

A line is "SECONDS RUNS", the least of both; the answer is a JSON object with the median in milliseconds. It is also
what ../graph_worker.cc does.
"""
import json
import statistics
import sys
import time


def answer():
    print("answer", flush=True)


def tell(**facts):
    print(json.dumps(facts), flush=True)


def serve(run):
    for line in sys.stdin:
        seconds, runs = line.split()
        times, begin = [], time.perf_counter()
        while len(times) < int(runs) or time.perf_counter() - begin < float(seconds):
            start = time.perf_counter()
            run()
            times.append(1000 * (time.perf_counter() - start))
        tell(median_ms=statistics.median(times), runs=len(times))
