"""What the comparisons' command lines have in common."""
import argparse
import os
import sys
import time

PEERS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def parser(description, rounds, seconds, timeout):
    """A parser of GRAPH, --work and how long to measure, with these defaults."""
    result = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    result.add_argument("graph", nargs="?")
    result.add_argument("--work", help="the folder for everything that is written")
    result.add_argument("--threads", default="1,2")
    result.add_argument("--rounds", type=int, default=rounds)
    result.add_argument("--seconds", type=float, default=seconds, help="of each measurement")
    result.add_argument("--timeout", type=float, default=timeout, help="seconds after which a process is given up")
    result.add_argument("--quick", action="store_true", help="one short round: whether it works")
    result.add_argument("--worker", default=os.path.join(PEERS, "../../../build/release/bin/graph_worker"))
    result.add_argument("--report", nargs="+", metavar="WORK")
    return result


def parse(options):
    arguments = options.parse_args()
    if not arguments.report and not (arguments.graph and arguments.work):
        options.error("GRAPH and --work are needed")
    if arguments.quick:
        arguments.rounds, arguments.seconds = 1, 0.1
    return arguments


def log(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def write_report(work, text):
    with open(os.path.join(work, "report.md"), "w") as file:
        file.write(text + "\n")
    print(text)
