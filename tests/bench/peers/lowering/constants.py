"""Inputs, constants and variables, and arithmetic on shapes, which are known: it is done here."""
import numpy as np

from .lower import AXES, Value, lowers
from .protos import make_ndarray


@lowers("Placeholder", "PlaceholderWithDefault")
def placeholder(lowering, node, inputs):
    dims = [dim.size for dim in node.attr["shape"].shape.dim]
    dims = [lowering.batch if dim < 0 else dim for dim in dims]
    shape = tuple(dims[axis] for axis in (0, 3, 1, 2)) if len(dims) == 4 else tuple(dims)
    lowering.network.inputs[node.name] = shape
    return Value(name=node.name, shape=shape)


@lowers("Const")
def const(lowering, node, inputs):
    return Value(constant=make_ndarray(node.attr["value"].tensor))


@lowers("VarHandleOp")
def variable(lowering, node, inputs):
    name = node.attr["shared_name"].s.decode() or node.name
    return Value(constant=lowering.variables[name], variable=name)


@lowers("Identity", "ReadVariableOp", "StopGradient", "PreventGradient", "CheckNumerics", "Snapshot")
def identity(lowering, node, inputs):
    return inputs[0]


@lowers("Cast")
def cast(lowering, node, inputs):
    if inputs[0].dropout is not None:
        return inputs[0]
    if inputs[0].constant is None:
        raise NotImplementedError(f"{node.name}: Cast of a tensor; export the network with --input-type float")
    kinds = {1: np.float32, 3: np.int32, 9: np.int64}
    return Value(constant=inputs[0].constant.astype(kinds[node.attr["DstT"].type]))


@lowers("Shape")
def shape(lowering, node, inputs):
    dims = inputs[0].shape if inputs[0].constant is None else inputs[0].constant.shape
    if inputs[0].constant is None and len(dims) == 4:
        dims = [dims[axis] for axis in AXES]
    return Value(constant=np.array(dims, np.int32))


@lowers("Pack")
def pack(lowering, node, inputs):
    return Value(constant=np.stack([i.constant for i in inputs], node.attr["axis"].i))


@lowers("Prod")
def prod(lowering, node, inputs):
    keeps = node.attr["keep_dims"].b
    axes = tuple(inputs[1].constant.reshape(-1))
    return Value(constant=np.prod(inputs[0].constant, axes, keepdims=keeps, dtype=inputs[0].constant.dtype))


def slice_of(node, dims, begin, end, strides):
    """(start, stop, step) for each dimension and the dimensions that vanish, of a StridedSlice."""
    attributes = node.attr
    if attributes["ellipsis_mask"].i or attributes["new_axis_mask"].i:
        raise NotImplementedError(f"{node.name}: StridedSlice with an ellipsis or a new axis")
    ranges, gone = [], []
    for axis, dim in enumerate(dims):
        first, last, step = None, None, 1
        if axis < len(begin):
            step = int(strides[axis])
            first = None if attributes["begin_mask"].i >> axis & 1 else int(begin[axis])
            last = None if attributes["end_mask"].i >> axis & 1 else int(end[axis])
            if attributes["shrink_axis_mask"].i >> axis & 1:
                first = first + dim if first < 0 else first
                last = first + 1
                gone.append(axis)
        ranges.append(slice(first, last, step).indices(dim))
    return ranges, gone


def slice_constant(node, array, begin, end, strides):
    ranges, gone = slice_of(node, array.shape, begin, end, strides)
    array = array[tuple(slice(*r) for r in ranges)]
    return Value(constant=array.reshape([d for axis, d in enumerate(array.shape) if axis not in gone]))
