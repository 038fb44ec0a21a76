"""Random weights for a frozen GraphDef, so that no runtime can gain from zeros and no layer's signal dies out."""
import math

import numpy as np

from .protos import make_ndarray, make_tensor_proto

ROLES = {
    "Conv2D": {1: "filter"}, "DepthwiseConv2dNative": {1: "filter"}, "Conv2DBackpropInput": {1: "filter"},
    "MatMul": {1: "filter"}, "BiasAdd": {1: "shift"}, "Add": {1: "shift"}, "AddV2": {1: "shift"}, "Mul": {1: "scale"},
    "FusedBatchNorm": {1: "scale", 2: "shift", 3: "mean", 4: "variance"},
}
ROLES["FusedBatchNormV2"] = ROLES["FusedBatchNormV3"] = ROLES["FusedBatchNorm"]


def fan_in(node, shape):
    """How many inputs a unit sums."""
    if node.op == "DepthwiseConv2dNative":
        return math.prod(shape[:2])
    if node.op == "Conv2DBackpropInput":  # a stride leaves out all but one of so many taps
        return math.prod(shape[:2]) * shape[3] / math.prod(node.attr["strides"].list.i)
    transposed = "transpose_b" in node.attr and node.attr["transpose_b"].b  # reading an attribute would add it
    return shape[1] if transposed else math.prod(shape[:-1])


def draw(role, node, shape, random):
    if role == "filter":  # He et al. 2015: keeps the variance through ReLUs
        return random.normal(0, math.sqrt(2 / fan_in(node, shape)), shape)
    if role == "scale":
        return random.uniform(0.8, 1.2, shape)
    if role == "variance":
        return random.uniform(0.5, 1.5, shape)
    return random.normal(0, 0.1, shape)


def randomize(graph_def, seed=1):
    """Replaces the values of constants that are weights. Returns how many there were."""
    random = np.random.default_rng(seed)
    sources = {node.name: node for node in graph_def.node}
    drawn = set()
    for node in graph_def.node:
        for index, role in ROLES.get(node.op, {}).items():
            source = sources[node.input[index].partition(":")[0]]
            while source.op == "Identity":
                source = sources[source.input[0].partition(":")[0]]
            if source.op != "Const" or source.name in drawn:
                continue
            value = make_ndarray(source.attr["value"].tensor)
            if value.dtype != np.float32 or value.size < 2:
                continue
            drawn.add(source.name)
            new = draw(role, node, value.shape, random).astype(np.float32)
            source.attr["value"].tensor.CopyFrom(make_tensor_proto(new))
    return len(drawn)
