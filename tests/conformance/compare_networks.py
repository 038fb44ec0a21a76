#!/usr/bin/env python3
"""Compares every network of the catalog, at full size, with TensorFlow on the same graph file, weights and pictures.

  compare_networks.py build/release/bin/sluice              all of them
  compare_networks.py build/release/bin/sluice alexnet nin  these

Needs tensorflow-cpu in the running Python. Exits with 1 where a result differs by more than 1e-4 of its magnitude.
"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time

TOLERANCE = 1e-4
# Beyond the plain names: options of `sluice export`.
VARIANTS = {"googlenet": [[], ["--aux"]], "cifar_nin": [[], ["--batch-norm"]], "alexnet": [[], ["--lrn", "caffe"]],
            "vgg16": [[], ["--classes", "17", "--input-size", "64"]]}


def shape_of(network, arguments, batch):
    height, width, channels = network["input"]
    if "--input-size" in arguments:
        height = width = int(arguments[arguments.index("--input-size") + 1])
    return batch, height if height > 0 else 64, width if width > 0 else 48, channels


def compare(sluice, network, arguments, batch, folder):
    import numpy as np
    import networks

    graph, checkpoint, fixed = folder / "graph.pb", folder / "first", folder / "fixed"
    networks.export(sluice, network["name"], arguments, graph, checkpoint)
    in_tensorflow = networks.Network(graph)
    in_tensorflow.write_checkpoint(fixed)
    images = networks.pictures(shape_of(network, arguments, batch))
    np.save(folder / "images.npy", images)
    result = in_tensorflow.result()
    expected = in_tensorflow.run(result, {"images:0": images})
    subprocess.run([sluice, "run", graph, "--checkpoint", fixed, "--input", f"images={folder}/images.npy", "--fetch",
                    result, "--output", f"{result}={folder}/result.npy", "--overwrite"],
                   check=True, stdout=subprocess.DEVNULL)
    return networks.largest_error(np.load(folder / "result.npy"), expected)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sluice")
    parser.add_argument("networks", nargs="*")
    parser.add_argument("--batch", type=int, default=2)
    arguments = parser.parse_args()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    import networks

    wrong = 0
    for network in networks.catalog(arguments.sluice):
        if arguments.networks and network["name"] not in arguments.networks:
            continue
        for options in VARIANTS.get(network["name"], [[]]):
            start = time.time()
            with tempfile.TemporaryDirectory() as folder:
                error = compare(arguments.sluice, network, options, arguments.batch, pathlib.Path(folder))
            holds = error <= TOLERANCE
            wrong += not holds
            name = " ".join([network["name"], *options])
            print(f"{name:32} {error:9.2e} {'' if holds else 'DIFFERS'} {time.time() - start:6.1f} s", flush=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
