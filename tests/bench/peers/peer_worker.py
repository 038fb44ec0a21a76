"""Times one model in one runtime on request: `peer_worker.py RUNTIME MODEL INPUT.npy --threads 2`.

Prints "answer" after the first run; --output writes what it was. Then it times the runs that it is asked for
(harness/protocol.py).
"""
import argparse
import numpy

import runtimes
from harness import protocol

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
    protocol.answer()
    if arguments.output:
        numpy.save(arguments.output, numpy.asarray(answer, numpy.float32)[numpy.newaxis])
    protocol.tell(version=version)
    protocol.serve(lambda: run(x))


if __name__ == "__main__":
    main()
