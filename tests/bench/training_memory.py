#!/usr/bin/env python3
"""A training step of every ImageNet network at full size: the peak that `sluice inspect` predicts, the peak of the
session's allocators, and the process's resident memory.

  training_memory.py build/release/bin/sluice                    all of them, batch 16
  training_memory.py build/release/bin/sluice --batch 4 alexnet  some

Exits with 1 where a prediction is off by more than a tenth or a process takes more than 20 GiB. Needs Python alone.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

LIMIT = 20 << 30


def run(arguments):
    """The JSON that a command prints, its largest resident size and its seconds."""
    start = time.time()
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{' '.join(arguments)}: exit code {process.returncode}")
    return output, usage.ru_maxrss * 1024, time.time() - start


def measure(sluice, network, batch, threads, folder):
    graph, weights = f"{folder}/graph.pb", f"{folder}/weights"
    size = "x".join(map(str, [batch, *network["input"]]))
    devices = "cpu:2" if network["name"].endswith("_2dev") else "cpu:1"
    run([sluice, "export", network["name"], "--training", "--input-type", "float", "-o", graph, "--checkpoint", weights,
         "--overwrite"])
    step = [graph, "--input", f"images=random:{size}", "--input", f"labels=zeros:{batch}", "--target", "train", "--fetch",
            "training/loss", "--devices", devices, "--threads", str(threads), "--json"]
    predicted = json.loads(run([sluice, "inspect", *step])[0])["peak_bytes"]
    output, resident, seconds = run([sluice, "bench", *step, "--checkpoint", weights, "--num_runs", "1",
                                     "--warmup_runs", "1"])
    return predicted, json.loads(output)["peak_bytes"], resident, seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sluice")
    parser.add_argument("networks", nargs="*")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    networks = json.loads(run([arguments.sluice, "models", "--json"])[0])["models"]
    networks = [n for n in networks if n["input"][0] > 200 and n["classes"] > 0]
    failures = 0
    print(f"{'network':16} {'predicted':>10} {'allocated':>10} {'off':>7} {'resident':>10} {'seconds':>8}  (GiB)")
    for network in networks:
        if arguments.networks and network["name"] not in arguments.networks:
            continue
        with tempfile.TemporaryDirectory() as folder:
            predicted, actual, resident, seconds = measure(arguments.sluice, network, arguments.batch, arguments.threads,
                                                           folder)
        off = predicted / actual - 1
        holds = abs(off) <= 0.1 and resident <= LIMIT
        failures += not holds
        gib = [f"{size / 2**30:10.3f}" for size in (predicted, actual, resident)]
        print(f"{network['name']:16} {gib[0]} {gib[1]} {100 * off:6.1f}% {gib[2]} {seconds:8.1f} {'' if holds else 'NO'}",
              flush=True)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
