"""Convolutions and pooling: paddings become numbers."""
import numpy as np

from .lower import lowers


def window(size, kernel, stride, padding, dilation=1, explicit=(0, 0)):
    """(outputs, padding before, padding after) of a window that slides along one axis."""
    reach = (kernel - 1) * dilation + 1
    if padding == "SAME":
        outputs = -(-size // stride)
        total = max((outputs - 1) * stride + reach - size, 0)
        return outputs, total // 2, total - total // 2
    before, after = explicit if padding == "EXPLICIT" else (0, 0)
    return (size + before + after - reach) // stride + 1, before, after


def windows(node, sizes, kernel, dilations=(1, 1)):
    """The same for height and width: (output sizes, strides, ONNX's pads)."""
    if node.attr["data_format"].s not in (b"NHWC", b""):
        raise NotImplementedError(f"{node.name}: data_format {node.attr['data_format'].s.decode()}")
    strides = list(node.attr["strides"].list.i)[1:3]
    padding = node.attr["padding"].s.decode()
    explicit = list(node.attr["explicit_paddings"].list.i) or [0] * 8
    axes = [window(sizes[i], kernel[i], strides[i], padding, dilations[i], explicit[2 + 2 * i:4 + 2 * i])
            for i in range(2)]
    outputs, before, after = zip(*axes)
    return list(outputs), strides, list(before + after)


@lowers("Conv2D", "DepthwiseConv2dNative")
def conv(lowering, node, inputs):
    picture, filters = inputs
    weights = filters.constant
    if node.op == "DepthwiseConv2dNative":  # [H, W, C, multiplier]
        height, width, channels, multiplier = weights.shape
        weights = weights.reshape(height, width, 1, channels * multiplier)
    batch, channels, *sizes = picture.shape
    dilations = list(node.attr["dilations"].list.i)[1:3] or [1, 1]
    outputs, strides, pads = windows(node, sizes, weights.shape[:2], dilations)
    name = lowering.weight(node.name + "_weights", weights.transpose(3, 2, 0, 1), filters.variable)
    return lowering.emit("Conv", node, [picture, name], (batch, weights.shape[3], *outputs), pads=pads, strides=strides,
                         dilations=dilations, group=channels // weights.shape[2],
                         kernel_shape=list(weights.shape[:2]))


@lowers("Conv2DBackpropInput")
def transposed_conv(lowering, node, inputs):
    sizes, filters, picture = inputs
    weights = filters.constant  # [H, W, channels out, channels in]
    batch, _, *small = picture.shape
    height, width = (int(s) for s in sizes.constant[1:3])
    outputs, strides, pads = windows(node, (height, width), weights.shape[:2])
    if outputs != list(small):
        raise ValueError(f"{node.name}: input_sizes {sizes.constant} do not fit {picture.shape}")
    # The padding of the forward convolution is cut off; what its last window did not reach is added.
    extra = [size - ((small[i] - 1) * strides[i] + weights.shape[i] - pads[i] - pads[i + 2])
             for i, size in enumerate((height, width))]
    name = lowering.weight(node.name + "_weights", weights.transpose(3, 2, 0, 1), filters.variable)
    return lowering.emit("ConvTranspose", node, [picture, name], (batch, weights.shape[2], height, width), pads=pads,
                         strides=strides, output_padding=extra, kernel_shape=list(weights.shape[:2]))


@lowers("MaxPool", "AvgPool")
def pool(lowering, node, inputs):
    batch, channels, *sizes = inputs[0].shape
    kernel = list(node.attr["ksize"].list.i)[1:3]
    outputs, strides, pads = windows(node, sizes, kernel)
    shape = (batch, channels, *outputs)
    if node.op == "AvgPool" and outputs == [1, 1] and kernel == list(sizes) and not any(pads):
        return lowering.emit("GlobalAveragePool", node, inputs, shape)
    op = {"MaxPool": "MaxPool", "AvgPool": "AveragePool"}[node.op]
    return lowering.emit(op, node, inputs, shape, kernel_shape=kernel, strides=strides, pads=pads)


@lowers("LRN")
def lrn(lowering, node, inputs):
    radius = node.attr["depth_radius"].i if "depth_radius" in node.attr else 5
    size = 2 * radius + 1
    number = lambda name, default: node.attr[name].f if name in node.attr else default  # noqa: E731
    # ONNX divides alpha by the window's size, TensorFlow does not.
    return lowering.emit("LRN", node, inputs, inputs[0].shape, size=size, alpha=number("alpha", 1.0) * size,
                         beta=number("beta", 0.5), bias=number("bias", 1.0))


@lowers("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
def batch_norm(lowering, node, inputs):
    picture, *rest = inputs
    epsilon = node.attr["epsilon"].f if "epsilon" in node.attr else 1e-4
    trains = node.attr["is_training"].b if "is_training" in node.attr else True
    channels = picture.shape[1]
    arrays = [r.constant if r.constant.size else np.full(channels, float(i == 3), np.float32)
              for i, r in enumerate(rest)]
    names = [lowering.weight(f"{node.name}_{part}", array, value.variable)
             for part, array, value in zip(("scale", "shift", "mean", "variance"), arrays, rest)]
    more = {"training_mode": 1} if trains else {}
    value = lowering.emit("BatchNormalization", node, [picture, *names], picture.shape, epsilon=epsilon, **more)
    return [value] * 6


@lowers("ResizeNearestNeighbor", "ResizeBilinear")
def resize(lowering, node, inputs):
    picture, size = inputs
    if node.attr["align_corners"].b:
        raise NotImplementedError(f"{node.name}: align_corners")
    shape = (*picture.shape[:2], *(int(s) for s in size.constant))
    half = node.attr["half_pixel_centers"].b
    mode = "nearest" if node.op == "ResizeNearestNeighbor" else "linear"
    sizes = lowering.weight(node.name + "_sizes", np.array(shape, np.int64))
    return lowering.emit("Resize", node, [picture, "", "", sizes], shape, mode=mode, nearest_mode="floor",
                         coordinate_transformation_mode="half_pixel" if half else "asymmetric")
