"""Grouped convolutions as one convolution for each group, for TensorFlow, whose CPU kernels lack their gradients."""
import numpy as np

from .protos import make_tensor_proto, types_pb2


def group_counts(graph_def, channels):
    """{forward convolution: number of groups, over 1}; `channels(tensor, axis)` is its static size or None."""
    shapes = {n.name: (channels(n.input[0], -1), channels(n.input[1], 2)) for n in graph_def.node if n.op == "Conv2D"}
    return {name: inputs // each for name, (inputs, each) in shapes.items() if inputs and each and inputs != each}


def without_groups(graph_def, counts):
    """Rewrites in place. Gradients are found by their names, gradients/CONVOLUTION_grad/…"""
    builder = Builder(graph_def)
    for node in list(graph_def.node):
        if node.op == "Conv2D" and node.name in counts:
            builder.replace(node, counts[node.name], lambda i, parts: [parts[0][i], parts[1][i]], (0, 1))
        elif node.op in ("Conv2DBackpropInput", "Conv2DBackpropFilter"):
            forward = node.name.removeprefix("gradients/").partition("_grad/")[0].removeprefix("training/")
            count = counts.get(forward) or counts.get("training/" + forward)
            if count and node.op == "Conv2DBackpropInput":
                sizes = builder.with_fewer_channels(node, node.input[0], count)
                builder.replace(node, count, lambda i, parts, s=sizes: [s, parts[1][i], parts[2][i]], (1, 2))
            elif count:
                sizes = builder.with_fewer_channels(node, node.input[1], count)
                builder.replace(node, count, lambda i, parts, s=sizes: [parts[0][i], s, parts[2][i]], (0, 2))
    return graph_def


class Builder:
    def __init__(self, graph_def):
        self.graph_def = graph_def

    def add(self, op, name, inputs, **types):
        node = self.graph_def.node.add(op=op, name=name, input=inputs)
        for key, value in types.items():
            node.attr[key].type = value
        return node

    def constant(self, name, array):
        node = self.add("Const", name, [], dtype=types_pb2.DT_INT32)
        node.attr["value"].tensor.CopyFrom(make_tensor_proto(np.array(array, np.int32)))
        return name

    def replace(self, node, count, inputs, split):
        """`node` becomes the concatenation of its groups, whose inputs `inputs(group, parts)` names."""
        axis = self.constant(f"{node.name}/axis", 3)
        parts = {}
        for index in split:
            name = f"{node.name}/split{index}"
            self.add("Split", name, [axis, node.input[index]], T=types_pb2.DT_FLOAT).attr["num_split"].i = count
            parts[index] = [f"{name}:{i}" for i in range(count)]
        names = []
        for i in range(count):
            names.append(f"{node.name}/group{i}")
            copy = self.graph_def.node.add()
            copy.CopyFrom(node)
            copy.name = names[-1]
            del copy.input[:]
            copy.input.extend(inputs(i, parts))
        node.op = "ConcatV2"
        node.ClearField("attr")
        node.attr["T"].type, node.attr["Tidx"].type = types_pb2.DT_FLOAT, types_pb2.DT_INT32
        node.attr["N"].i = count
        del node.input[:]
        node.input.extend([*names, axis])

    def with_fewer_channels(self, node, sizes, count):
        """`sizes` of a picture or of weights, with a group's share of the channels or filters."""
        name = self.constant(f"{node.name}/groups", [1, 1, 1, count])
        self.add("FloorDiv", f"{node.name}/sizes", [sizes, name], T=types_pb2.DT_INT32)
        return f"{node.name}/sizes"
