"""The input pipeline against tf.data: JPEGs in TFRecords, padded crop, flip, normalisation, batches of 128.

    python tests/bench/peers/compare_tf_data.py cifar10/train.tfrecord

On one core and on two, pinned there, with as many threads, tf.data runs in order and unordered, and Sluice (decoded
pictures are not kept) is compared with the faster of the two. All workers stay alive; each of the rounds measures each
of them once. The last line of a pair has Sluice's rate with decoded pictures kept in memory, as `sluice train` has it.
Prints a Markdown table. Needs tensorflow in the Python that runs this, and taskset.
"""
import argparse
import os
import statistics
import subprocess
import sys

from harness.table import quartiles

HERE = os.path.dirname(os.path.abspath(__file__))

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("file")
parser.add_argument("--worker", default=os.path.join(HERE, "../../../build/release/bin/input_bench"))
parser.add_argument("--rounds", type=int, default=15)
parser.add_argument("--seconds", type=float, default=1, help="of each measurement")
parser.add_argument("--threads", default="1,2")
arguments = parser.parse_args()


class Worker:
    def __init__(self, cores, command):
        self.process = subprocess.Popen(["taskset", "-c", cores] + command, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def measure(self):
        self.process.stdin.write(f"{arguments.seconds}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            sys.exit(f"{self.process.args} ended")
        return float(answer)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


print(f"{os.cpu_count()} cores; {arguments.rounds} rounds of {arguments.seconds} s\n")
print("| threads | Sluice pictures/s | tf.data in order / unordered | ratio, median (quartiles) | Sluice, pictures kept |")
print("| --- | --- | --- | --- | --- |", flush=True)
for threads in arguments.threads.split(","):
    cores = ",".join(str(core) for core in sorted(os.sched_getaffinity(0))[:int(threads)])
    peer = [sys.executable, os.path.join(HERE, "tf_data_worker.py"), arguments.file, threads]
    ours = [arguments.worker, arguments.file, threads]
    workers = [Worker(cores, command) for command in (ours, peer, peer + ["unordered"], ours + ["cache"])]
    for worker in workers:
        worker.measure()
        worker.measure()
    rounds = [[worker.measure() for worker in workers] for _ in range(arguments.rounds)]
    for worker in workers:
        worker.close()
    rates = [statistics.median(r[i] for r in rounds) for i in range(4)]
    ratios = [r[0] / r[1 if rates[1] > rates[2] else 2] for r in rounds]
    low, median, high = quartiles(ratios)
    print(f"| {threads} | {rates[0]:,.0f} | {rates[1]:,.0f} / {rates[2]:,.0f} | {median:.2f} ({low:.2f}–{high:.2f}) | "
          f"{rates[3]:,.0f} |", flush=True)
