"""Networks of the catalog in TensorFlow: the graph files that `sluice export` writes, with weights and pictures that are
functions of a name and an index (tests/models/fixed_values.h has the same), so that nothing but results is recorded."""

import json
import pathlib
import subprocess

import numpy as np


def uniform(name, count):
    """`count` numbers in [0, 1), float32."""
    seed = 2166136261
    for byte in name.encode():
        seed = (seed ^ byte) * 16777619 & 0xFFFFFFFF
    x = (np.arange(count, dtype=np.uint64) + seed) & 0xFFFFFFFF
    x = (x * 2654435761) & 0xFFFFFFFF
    x ^= x >> 16
    x = (x * 0x85EBCA6B) & 0xFFFFFFFF
    x ^= x >> 13
    x = (x * 0xC2B2AE35) & 0xFFFFFFFF
    x ^= x >> 16
    return (x >> 8).astype(np.float32) * np.float32(2.0**-24)


def bounds(name, shape):
    """Between what the values of a variable lie: activations neither vanish nor grow without end."""
    if name.endswith(("bn2/gamma", "bn3/gamma")):
        return 0.05, 0.15  # the end of a residual branch: a thousand of them are added up
    if name.endswith(("gamma", "moving_variance")):
        return 0.5, 1.5
    if len(shape) < 2:
        return -0.1, 0.1
    inputs = shape[0] * shape[1] if "depthwise" in name else int(np.prod(shape[:-1]))
    limit = np.sqrt(np.float32(6) / np.float32(inputs))
    return -limit, limit


def value(name, shape):
    low, high = (np.float32(bound) for bound in bounds(name, shape))
    return (low + (high - low) * uniform(name, int(np.prod(shape)))).reshape(shape).astype(np.float32)


def pictures(shape):
    return uniform("images", int(np.prod(shape))).reshape(shape)


def export(sluice, network, arguments, path, checkpoint):
    subprocess.run([sluice, "export", network, "-o", str(path), "--checkpoint", str(checkpoint), "--overwrite",
                    "--input-type", "float", *arguments], check=True, stdout=subprocess.DEVNULL)


class Network:
    """An exported graph in TensorFlow. Reads of variables are fed, so that no variable has to be made."""

    def __init__(self, path):
        import tensorflow as tf
        self.tf = tf
        definition = tf.compat.v1.GraphDef()
        definition.ParseFromString(pathlib.Path(path).read_bytes())
        for node in definition.node:
            node.device = ""
        self.nodes = {node.name: node for node in definition.node}
        self.graph = tf.Graph()
        with self.graph.as_default():
            tf.import_graph_def(definition, name="")
        self.variables = {node.name: tuple(dim.size for dim in node.attr["shape"].shape.dim)
                          for node in definition.node if node.op == "VarHandleOp"}

    def result(self):
        return "picture:0" if "picture" in self.nodes else "logits:0"

    def run(self, fetches, feeds, config=None):
        feeds = dict(feeds)
        for name, shape in self.variables.items():
            feeds[f"{name}/Read:0"] = value(name, shape)
        with self.tf.compat.v1.Session(graph=self.graph, config=config) as session:
            return session.run(fetches, feeds)

    def write_checkpoint(self, prefix):
        """The fixed weights as a checkpoint."""
        names = sorted(self.variables)
        values = [self.tf.constant(value(name, self.variables[name])) for name in names]
        self.tf.raw_ops.SaveV2(prefix=str(prefix), tensor_names=names, shape_and_slices=[""] * len(names),
                               tensors=values)


def catalog(sluice):
    output = subprocess.run([sluice, "models", "--json"], check=True, capture_output=True, text=True).stdout
    return json.loads(output)["models"]


def largest_error(actual, expected):
    """Of an element, relative to it or to the mean magnitude where it is smaller."""
    actual, expected = actual.astype(np.float64), expected.astype(np.float64)
    magnitude = np.maximum(np.abs(expected), np.abs(expected).mean())
    return float((np.abs(actual - expected) / magnitude).max())
