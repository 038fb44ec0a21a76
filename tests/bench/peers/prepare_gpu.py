"""Gives Sluice and PyTorch the same network on a machine without TensorFlow. Run by compare_gpu.py.

    prepare_gpu.py inference GRAPH FOLDER --batch 64     GRAPH as `sluice export NET --input-type float` writes it
    prepare_gpu.py training GRAPH FOLDER --batch 64      … with --training

Writes into FOLDER: graph.pb, which is GRAPH with random weights, drawn by their names; network.pickle, which PyTorch's
module is made of; pictures.npy, channels last, and labels.npy; settings.json: the names of the input and of what is
fetched, and for training what the optimiser is told. With --graph-only just graph.pb and settings.json: GRAPH is the same
network in another precision.
"""
import argparse
import json
import math
import os
import pickle
import zlib

import numpy as np

from lowering import lower
from lowering.protos import make_ndarray, make_tensor_proto, read_graph, write_graph
from lowering.random_weights import randomize
from lowering.training_graph import logits_of, loss_of, nodes_of, optimizer, set_rate

RATE = 1e-3  # small enough for any of the networks: numbers that explode say nothing


def first_value(nodes, name):
    """The array that a node gives; None where it draws it."""
    node = nodes[name.partition(":")[0]]
    if node.op == "Const":
        return make_ndarray(node.attr["value"].tensor)
    if node.op == "Fill":
        shape, value = (first_value(nodes, i) for i in node.input[:2])
        return None if shape is None or value is None else np.full(shape, value)
    return first_value(nodes, node.input[0]) if node.op == "Identity" else None


def fix_first_values(graph_def):
    """Draws the weights (He et al. 2015) and makes `init` assign them. Returns {variable: array}."""
    nodes, values = nodes_of(graph_def), {}
    for name in nodes["init"].input:
        assign = nodes[name[1:]]
        if assign.op != "AssignVariableOp":
            continue
        variable = assign.input[0]
        value = first_value(nodes, assign.input[1])
        if value is None:
            shape = [dim.size for dim in nodes[variable].attr["shape"].shape.dim]
            deviation = math.sqrt(2 / math.prod(shape[:-1])) if len(shape) > 1 else 0.1
            random = np.random.default_rng(zlib.crc32(variable.encode()))
            value = random.normal(0, deviation, shape).astype(np.float32)
            constant = graph_def.node.add(op="Const", name=f"first_values/{assign.name}")
            constant.attr["dtype"].type = assign.attr["dtype"].type
            constant.attr["value"].tensor.CopyFrom(make_tensor_proto(value))
            assign.input[1] = constant.name
        values[variable] = value
    return values


def write_json(folder, name, data):
    with open(os.path.join(folder, name), "w") as file:
        json.dump(data, file, indent=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("task", choices=("inference", "training"))
    parser.add_argument("graph")
    parser.add_argument("folder")
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--graph-only", action="store_true")
    arguments = parser.parse_args()
    os.makedirs(arguments.folder, exist_ok=True)
    graph_def = read_graph(arguments.graph)
    settings, variables = {"fetch": "logits"}, None
    if arguments.task == "training":
        variables = fix_first_values(graph_def)
        set_rate(graph_def, np.float32(RATE))
        settings["fetch"] = loss_of(graph_def)
    else:
        print(f"{randomize(graph_def)} weights are random")
    write_graph(graph_def, os.path.join(arguments.folder, "graph.pb"))
    if not arguments.graph_only:
        logits = logits_of(graph_def, settings["fetch"]) if variables is not None else "logits"
        network = lower(graph_def, logits, arguments.batch, variables)
        if variables is not None:
            settings.update(optimizer(graph_def))
        with open(os.path.join(arguments.folder, "network.pickle"), "wb") as file:
            pickle.dump(network, file)
        random = np.random.default_rng(7)
        batch, channels, height, width = next(iter(network.inputs.values()))
        np.save(os.path.join(arguments.folder, "pictures.npy"), random.random((batch, height, width, channels), np.float32))
        classes = next(iter(network.outputs.values()))[-1]
        np.save(os.path.join(arguments.folder, "labels.npy"), random.integers(0, classes, batch).astype(np.int32))
    write_json(arguments.folder, "settings.json", settings)


if __name__ == "__main__":
    main()
