"""Everything else: fully connected layers, arithmetic, and what only moves elements."""
import math

import numpy as np

from .constants import slice_constant, slice_of
from .lower import AXES, Value, lowers
from .network import nchw


@lowers("MatMul")
def matmul(lowering, node, inputs):
    rows, weights = inputs
    if node.attr["transpose_a"].b or weights.constant is None:
        raise NotImplementedError(f"{node.name}: MatMul other than rows by a constant")
    matrix = weights.constant.T if node.attr["transpose_b"].b else weights.constant
    if rows.flattened:
        channels, height, width = rows.flattened
        matrix = matrix.reshape(height, width, channels, -1).transpose(2, 0, 1, 3).reshape(matrix.shape)
    name = lowering.weight(node.name + "_weights", matrix.T, weights.variable)
    return lowering.emit("Gemm", node, [rows, name], (rows.shape[0], matrix.shape[1]), transB=1)


FUNCTIONS = {"Add": np.add, "AddV2": np.add, "Sub": np.subtract, "Mul": np.multiply, "RealDiv": np.true_divide,
             "Maximum": np.maximum, "Minimum": np.minimum, "FloorDiv": np.floor_divide}
ONNX_NAMES = {"Add": "Add", "AddV2": "Add", "BiasAdd": "Add", "Sub": "Sub", "Mul": "Mul", "RealDiv": "Div",
              "Maximum": "Max", "Minimum": "Min"}


@lowers("BiasAdd", "Add", "AddV2", "Sub", "Mul", "RealDiv", "Maximum", "Minimum", "FloorDiv")
def arithmetic(lowering, node, inputs):
    if inputs[1].dropout is not None:
        return dropout(lowering, node, *inputs)
    if all(i.constant is not None for i in inputs):
        return Value(constant=FUNCTIONS[node.op](inputs[0].constant, inputs[1].constant))
    rank = max(len(i.shape) for i in inputs)
    flattened = next((i.flattened for i in inputs if i.flattened), None)
    names = []
    for i in inputs:
        if i.constant is None:
            names.append(i)
            continue
        array = nchw(i.constant) if rank == 4 else i.constant
        if flattened and array.size > 1:
            raise NotImplementedError(f"{node.name}: arithmetic on rows of a picture")
        names.append(lowering.weight(node.name + "_constant", array, i.variable))
    shape = np.broadcast_shapes(*(i.shape if i.constant is None else lowering.network.weights[n].shape
                                  for i, n in zip(inputs, names)))
    return lowering.emit(ONNX_NAMES[node.op], node, names, shape, flattened)


@lowers("RandomUniform")
def random_uniform(lowering, node, inputs):
    return Value(dropout=0.0)


@lowers("GreaterEqual")
def greater_equal(lowering, node, inputs):
    if inputs[0].dropout is None:
        raise NotImplementedError(f"{node.name}: GreaterEqual other than for dropout")
    return Value(dropout=float(inputs[1].constant))


def dropout(lowering, node, scaled, mask):
    """The step that scales by 1 / (1 - rate) becomes one that drops as well."""
    step = lowering.producers[scaled.name]
    scale = lowering.network.weights.get(step.inputs[-1])
    if step.op != "Mul" or scale is None or abs(scale * (1 - mask.dropout) - 1) > 1e-5:
        raise NotImplementedError(f"{node.name}: dropout without scaling")
    step.op, step.inputs, step.attributes = "Dropout", step.inputs[:1], {"rate": mask.dropout}
    return scaled


@lowers("Relu", "Tanh", "Sigmoid", "Sqrt", "Exp", "Neg", "Elu", "Softplus")
def elementwise(lowering, node, inputs):
    return lowering.emit(node.op, node, inputs, inputs[0].shape, inputs[0].flattened)


@lowers("Relu6")
def relu6(lowering, node, inputs):
    ends = [lowering.weight(f"{node.name}_{end}", np.float32(end)) for end in (0, 6)]
    return lowering.emit("Clip", node, [inputs[0], *ends], inputs[0].shape, inputs[0].flattened)


@lowers("LeakyRelu")
def leaky_relu(lowering, node, inputs):
    alpha = node.attr["alpha"].f if "alpha" in node.attr else 0.2
    return lowering.emit("LeakyRelu", node, inputs, inputs[0].shape, inputs[0].flattened, alpha=alpha)


@lowers("Square")
def square(lowering, node, inputs):
    return lowering.emit("Mul", node, [inputs[0], inputs[0]], inputs[0].shape)


@lowers("SquaredDifference")
def squared_difference(lowering, node, inputs):
    shape = np.broadcast_shapes(*(i.shape for i in inputs))
    difference = lowering.emit("Sub", node, inputs, shape)
    return lowering.emit("Mul", node, [difference, difference], shape)


@lowers("Rsqrt")
def rsqrt(lowering, node, inputs):
    return lowering.emit("Reciprocal", node, [lowering.emit("Sqrt", node, inputs, inputs[0].shape)], inputs[0].shape)


@lowers("Softmax")
def softmax(lowering, node, inputs):
    return lowering.emit("Softmax", node, inputs, inputs[0].shape, axis=1)


@lowers("Mean")
def mean(lowering, node, inputs):
    value, axes = inputs[0], np.atleast_1d(inputs[1].constant)
    rank, keeps = len(value.shape), node.attr["keep_dims"].b
    axes = sorted(axis_of(a, rank) for a in axes)
    kept = tuple(1 if a in axes else d for a, d in enumerate(value.shape))
    if rank == 4 and axes == [2, 3]:
        pooled = lowering.emit("GlobalAveragePool", node, [value], kept)
        return pooled if keeps else lowering.emit("Flatten", node, [pooled], kept[:2], axis=1)
    if not keeps:
        raise NotImplementedError(f"{node.name}: Mean over {axes} that drops dimensions")
    return lowering.emit("ReduceMean", node, [value], kept, axes=axes, keepdims=1)


@lowers("Reshape")
def reshape(lowering, node, inputs):
    value, sizes = inputs
    if value.constant is not None:
        return Value(constant=value.constant.reshape(sizes.constant), variable=value.variable)
    return reshaped(lowering, node, value, [int(s) for s in sizes.constant])


@lowers("Squeeze")
def squeeze(lowering, node, inputs):
    dims = [inputs[0].shape[a] for a in AXES] if len(inputs[0].shape) == 4 else list(inputs[0].shape)
    axes = [a % len(dims) for a in node.attr["squeeze_dims"].list.i] or [a for a, d in enumerate(dims) if d == 1]
    return reshaped(lowering, node, inputs[0], [d for a, d in enumerate(dims) if a not in axes])


@lowers("ExpandDims")
def expand_dims(lowering, node, inputs):
    return Value(constant=np.expand_dims(inputs[0].constant, int(inputs[1].constant)))


def reshaped(lowering, node, value, dims):
    """`dims` are the graph's, with at most one -1."""
    count = math.prod(value.shape)
    dims = [count // -math.prod(dims) if d == -1 else d for d in dims]
    if len(value.shape) == 4 and len(dims) == 2 and dims[0] == value.shape[0]:
        picture = value.shape[1:]
        mixed = picture[0] > 1 and picture[1] * picture[2] > 1
        return lowering.emit("Flatten", node, [value], dims, picture if mixed else None, axis=1)
    if value.flattened or (len(value.shape) == 4 and max(value.shape[2:]) > 1):
        raise NotImplementedError(f"{node.name}: Reshape of {value.shape} to {dims}")
    if len(dims) == 4:
        if max(dims[1:3]) > 1:
            raise NotImplementedError(f"{node.name}: Reshape to pictures")
        dims = [dims[0], dims[3], 1, 1]
    shape = lowering.weight(node.name + "_shape", np.array(dims, np.int64))
    return lowering.emit("Reshape", node, [value, shape], dims)


def axis_of(axis, rank):
    axis = int(axis) % rank
    return AXES[axis] if rank == 4 else axis


@lowers("ConcatV2")
def concat(lowering, node, inputs):
    *parts, axis = inputs
    if all(p.constant is not None for p in parts):
        return Value(constant=np.concatenate([p.constant for p in parts], int(axis.constant)))
    axis = axis_of(axis.constant, len(parts[0].shape))
    shape = list(parts[0].shape)
    shape[axis] = sum(p.shape[axis] for p in parts)
    return lowering.emit("Concat", node, parts, shape, axis=axis)


@lowers("Split", "SplitV")
def split(lowering, node, inputs):
    if node.op == "Split":
        axis, value = inputs
        count = node.attr["num_split"].i
        axis = axis_of(axis.constant, len(value.shape))
        sizes = [value.shape[axis] // count] * count
    else:
        value, given, axis = inputs
        sizes = [int(s) for s in given.constant]
        axis = axis_of(axis.constant, len(value.shape))
    shapes = [tuple(s if a == axis else d for a, d in enumerate(value.shape)) for s in sizes]
    name = lowering.weight(node.name + "_sizes", np.array(sizes, np.int64))
    return lowering.emit_all("Split", node, [value, name], shapes, axis=axis)


@lowers("Pad", "PadV2", "MirrorPad")
def pad(lowering, node, inputs):
    value, pairs = inputs[0], inputs[1].constant
    if len(value.shape) == 4:
        pairs = pairs[[0, 3, 1, 2]]
    shape = tuple(d + int(sum(p)) for d, p in zip(value.shape, pairs))
    more = [np.float32(0)] if node.op == "Pad" else []
    if node.op == "PadV2":
        more = [inputs[2].constant]
    if node.op == "MirrorPad" and node.attr["mode"].s != b"REFLECT":
        raise NotImplementedError(f"{node.name}: MirrorPad SYMMETRIC")
    names = [lowering.weight(node.name + "_pads", pairs.T.reshape(-1).astype(np.int64))]
    names += [lowering.weight(node.name + "_value", m) for m in more]
    mode = "reflect" if node.op == "MirrorPad" else "constant"
    return lowering.emit("Pad", node, [value, *names], shape, mode=mode)


@lowers("StridedSlice")
def strided_slice(lowering, node, inputs):
    value, begin, end, strides = inputs[0], *(i.constant for i in inputs[1:])
    if value.constant is not None:
        return slice_constant(node, value.constant, begin, end, strides)
    rank = len(value.shape)
    dims = [value.shape[a] for a in AXES] if rank == 4 else value.shape
    ranges, gone = slice_of(node, dims, begin, end, strides)
    if gone:
        raise NotImplementedError(f"{node.name}: StridedSlice that drops dimensions")
    shape, parts = list(value.shape), []
    for axis, (first, last, step) in enumerate(ranges):
        if step < 1:
            raise NotImplementedError(f"{node.name}: StridedSlice backwards")
        size = len(range(first, last, step))
        if size != dims[axis]:
            shape[axis_of(axis, rank)] = size
            parts.append((first, last, axis_of(axis, rank), step))
    if not parts:
        return value
    names = [lowering.weight(f"{node.name}_{part}", np.array(numbers, np.int64))
             for part, numbers in zip(("starts", "ends", "axes", "steps"), zip(*parts))]
    return lowering.emit("Slice", node, [value, *names], shape)


@lowers("Slice")
def slices(lowering, node, inputs):
    value, begin, sizes = inputs[0], inputs[1].constant, inputs[2].constant
    rank = len(value.shape)
    dims = [value.shape[a] for a in AXES] if rank == 4 else value.shape
    ends = [d if s < 0 else int(b + s) for b, s, d in zip(begin, sizes, dims)]
    axes = [a for a, d in enumerate(dims) if begin[a] or ends[a] != d]
    if not axes:
        return value
    shape = list(value.shape)
    for a in axes:
        shape[axis_of(a, rank)] = ends[a] - int(begin[a])
    arrays = ([begin[a] for a in axes], [ends[a] for a in axes], [axis_of(a, rank) for a in axes])
    names = [lowering.weight(f"{node.name}_{part}", np.array(numbers, np.int64))
             for part, numbers in zip(("starts", "ends", "axes"), arrays)]
    return lowering.emit("Slice", node, [value, *names], shape)
