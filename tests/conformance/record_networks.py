#!/usr/bin/env python3
"""Records what TensorFlow computes for small versions of the networks, or checks the file's sum.

  record_networks.py --sluice build/release/bin/sluice   computes everything anew (needs tensorflow-cpu)
  record_networks.py --check                             needs Python alone

Graphs come from `sluice export`; weights and pictures are functions (networks.py); answers are TensorFlow's.
"""

import argparse
import hashlib
import json
import os
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
RECORDED = HERE / "vectors" / "networks.json"
SCRIPTS = [HERE / "record_networks.py", HERE / "networks.py"]
BATCH = 2

# network, width, height and width of the pictures, further options
CASES = [
    ("alexnet", "1/8", (67, 67), {}),
    ("alexnet", "1/8", (67, 67), {"lrn": "caffe"}),
    ("alexnet_2dev", "1/8", (67, 67), {}),
    ("nin", "1/8", (67, 67), {}),
    ("cifar_nin", "1/8", (32, 32), {}),
    ("cifar_nin", "1/8", (32, 32), {"batch_norm": True}),
    ("googlenet", "1/8", (64, 64), {}),
    ("googlenet_naive", "1/8", (64, 64), {}),
    ("vgg_a", "1/8", (32, 32), {}),
    ("vgg_a_lrn", "1/8", (32, 32), {}),
    ("vgg_b", "1/8", (32, 32), {}),
    ("vgg_c", "1/8", (32, 32), {}),
    ("vgg16", "1/8", (32, 48), {}),
    ("vgg19", "1/8", (32, 32), {}),
    ("resnet18", "1/8", (64, 64), {}),
    ("resnet34", "1/8", (64, 64), {}),
    ("resnet50", "1/8", (64, 48), {}),
    ("resnet101", "1/8", (64, 64), {}),
    ("resnet152", "1/8", (64, 64), {}),
    ("cifar_resnet20", "1", (32, 32), {}),
    ("cifar_resnet56", "1/2", (32, 32), {}),
    ("cifar_plain20", "1", (32, 32), {}),
    ("mobilenet_v2", "1/4", (64, 64), {}),
    ("squeezenet1_1", "1/8", (67, 67), {}),
    ("lenet", "1", (28, 28), {}),
    ("cifar10_quick", "1", (32, 32), {}),
    ("cifar_cnn4_relu", "1", (32, 32), {}),
    ("cifar_cnn4_tanh", "1", (32, 32), {}),
    ("transform_net", "1/8", (16, 12), {}),
]


def digest(cases):
    return hashlib.sha256(json.dumps(cases, sort_keys=True).encode()).hexdigest()


def scripts():
    return {path.relative_to(HERE).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in SCRIPTS}


def check():
    recorded = json.loads(RECORDED.read_text())
    complaints = []
    if digest(recorded["cases"]) != recorded["sha256"]:
        complaints.append(f"{RECORDED.name} is not what was recorded")
    if scripts() != recorded["scripts"]:
        complaints.append(f"the scripts differ from those that recorded {RECORDED.name}: record again")
    return complaints


def arguments_of(width, size, options, classes):
    arguments = ["--width", width, "--input-size", f"{size[0]}x{size[1]}"]
    if classes > 0:
        arguments += ["--classes", "10"]
    if options.get("batch_norm"):
        arguments.append("--batch-norm")
    if "lrn" in options:
        arguments += ["--lrn", options["lrn"]]
    return arguments


def record(sluice):
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    import tensorflow
    import networks
    from recorder import vectors

    classes = {network["name"]: network["classes"] for network in networks.catalog(sluice)}
    cases = []
    with tempfile.TemporaryDirectory() as folder:
        graph = pathlib.Path(folder) / "graph.pb"
        for name, width, size, options in CASES:
            networks.export(sluice, name, arguments_of(width, size, options, classes[name]), graph, f"{folder}/weights")
            network = networks.Network(graph)
            shape = (BATCH, *size, 1 if name == "lenet" else 3)
            result = network.run(network.result(), {"images:0": networks.pictures(shape)}, vectors.session_config())
            above, _, below = width.partition("/")
            cases.append({"network": name, "width": float(above) / float(below or 1), "input": list(size),
                          "classes": 10 if classes[name] else 0, "images": list(shape), **options,
                          "shape": list(result.shape), "result": [float(f"{x:.9g}") for x in result.ravel().tolist()]})
            print(f"{name} {options or ''}: {result.ravel()[:3]}")
    lines = ",\n".join("  " + json.dumps(case) for case in cases)
    head = {"tensorflow": tensorflow.__version__, "scripts": scripts(), "sha256": digest(cases)}
    RECORDED.write_text(json.dumps(head, indent=1)[:-2] + f",\n \"cases\": [\n{lines}\n ]\n}}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sluice")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    if arguments.check == bool(arguments.sluice):
        parser.error("expected --sluice BINARY or --check")
    if arguments.check:
        sys.exit("\n".join(check()) or 0)
    record(arguments.sluice)


if __name__ == "__main__":
    main()
