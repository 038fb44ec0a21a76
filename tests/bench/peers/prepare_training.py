"""Gives every runtime the same training step. Run by compare_training.py, in the environment.

    prepare_training.py GRAPH FOLDER --batch 64

GRAPH is what `sluice export NET --training --input-type float` writes. Writes into FOLDER: graph.pb, which is GRAPH
with constants for the variables' first values and a rate at which the loss does not explode; check.pb, which is the
same but drops nothing where it has dropout, so that losses can be compared; tensorflow_graph.pb and
tensorflow_check.pb, where grouped convolutions are one for each group; network.pickle and optimizer.json, from which
PyTorch gets its module; pictures and labels.
"""
import argparse
import copy
import json
import math
import os
import pickle

os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from tensorflow.python.framework import tensor_util  # noqa: E402

from lowering import lower  # noqa: E402
from lowering.groups import group_counts, without_groups  # noqa: E402
from lowering.protos import read_graph, write_graph  # noqa: E402
from lowering.training_graph import logits_of, loss_of, optimizer, set_rate, tensor_name  # noqa: E402

tf1 = tf.compat.v1
KEPT = 0.9999  # of random numbers from 0 to 1: nothing is dropped


def first_values(graph_def, init):
    """What `init` gives to each variable: {assignment: array}; weights are drawn anew (He et al. 2015)."""
    random = np.random.default_rng(1)
    nodes = {node.name: node for node in graph_def.node}
    assigns = [nodes[name[1:]] for name in nodes[init].input if nodes[name[1:]].op == "AssignVariableOp"]
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(graph_def, name="")
    with tf1.Session(graph=graph) as session:
        fetched = session.run([graph.get_tensor_by_name(tensor_name(a.input[1])) for a in assigns])
    values = {}
    for assign, value in zip(assigns, fetched):
        if value.ndim >= 2 and value.std() > 0:
            value = random.normal(0, math.sqrt(2 / math.prod(value.shape[:-1])), value.shape).astype(np.float32)
        values[assign.name] = value
    return values


def with_constants(graph_def, values):
    """`graph_def`, whose assignments read constants."""
    for node in graph_def.node:
        if node.name in values:
            constant = graph_def.node.add(op="Const", name=f"first_values/{node.name}")
            constant.attr["dtype"].type = node.attr["dtype"].type
            constant.attr["value"].tensor.CopyFrom(tensor_util.make_tensor_proto(values[node.name]))
            node.input[1] = constant.name
    return graph_def


def without_dropout(graph_def):
    graph_def = copy.deepcopy(graph_def)
    value = graph_def.node.add(op="Const", name="kept")
    value.attr["dtype"].type = tf.float32.as_datatype_enum
    value.attr["value"].tensor.CopyFrom(tensor_util.make_tensor_proto(np.float32(KEPT)))
    read = {tensor_name(name)[:-2] for node in graph_def.node for name in node.input if node.op == "GreaterEqual"}
    for node in graph_def.node:
        if node.op == "RandomUniform" and node.name in read:
            node.op = "Fill"
            node.input.append("kept")
            node.ClearField("attr")
            node.attr["T"].type = tf.float32.as_datatype_enum
            node.attr["index_type"].type = tf.int32.as_datatype_enum
    return graph_def


def static_sizes(graph_def):
    """A function (tensor, axis) -> its size, or None."""
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(graph_def, name="")

    def size(name, axis):
        shape = graph.get_tensor_by_name(tensor_name(name)).shape
        return shape[axis] if shape.rank else None

    return size


def tame_rate(folder, settings):
    """The largest of the graph's rate and a tenth, a hundredth … of it at which PyTorch's loss falls from step to step:
    at others, rounding decides where it goes, and no two runtimes agree."""
    from training_worker import torch_step

    for power in range(6):
        settings["rate"] *= 0.1 if power else 1
        write_settings(folder, settings)
        step, _ = torch_step(folder, os.cpu_count(), drops=False)
        losses = [step() for _ in range(5)]
        print(f"rate {settings['rate']:g}: losses {losses}")
        if all(after <= before for before, after in zip(losses, losses[1:])):
            return settings["rate"]
    raise ValueError("the loss falls at no rate")


def write_settings(folder, settings):
    with open(os.path.join(folder, "optimizer.json"), "w") as file:
        json.dump(settings, file, indent=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("graph")
    parser.add_argument("folder")
    parser.add_argument("--batch", type=int, required=True)
    arguments = parser.parse_args()
    graph_def = read_graph(arguments.graph)
    nodes = {node.name: node for node in graph_def.node}
    values = first_values(graph_def, "init")
    graph_def = with_constants(graph_def, values)
    variables = {nodes[name].input[0]: value for name, value in values.items()}
    loss = loss_of(graph_def)
    network = lower(graph_def, logits_of(graph_def, loss), arguments.batch, variables)
    with open(os.path.join(arguments.folder, "network.pickle"), "wb") as file:
        pickle.dump(network, file)
    random = np.random.default_rng(7)
    pictures = random.random(next(iter(network.inputs.values())), np.float32)
    classes = next(iter(network.outputs.values()))[-1]
    np.save(os.path.join(arguments.folder, "nchw.npy"), pictures)
    np.save(os.path.join(arguments.folder, "nhwc.npy"), np.ascontiguousarray(pictures.transpose(0, 2, 3, 1)))
    np.save(os.path.join(arguments.folder, "labels.npy"), random.integers(0, classes, arguments.batch).astype(np.int32))
    rate = tame_rate(arguments.folder, {**optimizer(graph_def), "loss": loss})
    set_rate(graph_def, np.float32(rate))
    counts = group_counts(graph_def, static_sizes(graph_def))
    for name, made in (("check", without_dropout(graph_def)), ("graph", graph_def)):
        write_graph(made, os.path.join(arguments.folder, name + ".pb"))
        write_graph(without_groups(made, counts), os.path.join(arguments.folder, f"tensorflow_{name}.pb"))
    open(os.path.join(arguments.folder, "done"), "w").close()


main()
