"""What a GraphDef is lowered to: ONNX operators in the order in which they run, and their weights."""
import dataclasses

import numpy as np


@dataclasses.dataclass
class Step:
    """One operator, with ONNX's name, attributes and order of inputs; "" is an input that is left out."""

    op: str
    inputs: list
    outputs: list
    attributes: dict


@dataclasses.dataclass
class Network:
    """Tensors of four dimensions are [batch, channels, height, width]. Names are letters, digits and underscores."""

    inputs: dict = dataclasses.field(default_factory=dict)  # name: shape
    outputs: dict = dataclasses.field(default_factory=dict)
    steps: list = dataclasses.field(default_factory=list)
    weights: dict = dataclasses.field(default_factory=dict)  # name: array
    variables: dict = dataclasses.field(default_factory=dict)  # name of a weight: the variable that it was


def nchw(array):
    """A constant that is broadcast with pictures: [..., H, W, C] becomes [1 or N, C, H, W]; scalars stay."""
    if array.ndim == 0 or array.size == 1:
        return array.reshape(())
    array = array.reshape((1,) * (4 - array.ndim) + array.shape)
    return np.ascontiguousarray(array.transpose(0, 3, 1, 2))
