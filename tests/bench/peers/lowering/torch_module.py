"""The lowered network as a PyTorch module, whose trainable weights are its parameters."""
import torch
import torch.nn.functional as F

MODULES = {"Relu": torch.relu, "Tanh": torch.tanh, "Sigmoid": torch.sigmoid, "Sqrt": torch.sqrt, "Exp": torch.exp,
           "Neg": torch.neg, "Elu": F.elu, "Softplus": F.softplus, "Reciprocal": torch.reciprocal, "Add": torch.add,
           "Sub": torch.sub, "Mul": torch.mul, "Div": torch.div, "Max": torch.maximum, "Min": torch.minimum}


def padded(x, pads, value=0.0):
    """(x, symmetric padding): PyTorch's layers take one number for both sides of an axis."""
    top, left, bottom, right = pads
    if top == bottom and left == right:
        return x, (top, left)
    return F.pad(x, (left, right, top, bottom), value=value), (0, 0)


def conv(x, weights, bias=None, *, pads, strides, dilations, group, kernel_shape):
    x, padding = padded(x, pads)
    return F.conv2d(x, weights, bias, strides, padding, dilations, group)


def conv_transpose(x, weights, bias=None, *, pads, strides, output_padding, kernel_shape):
    top, left, bottom, right = pads
    if top == bottom and left == right:
        return F.conv_transpose2d(x, weights, bias, strides, (top, left), output_padding)
    # What lies beyond both sides is computed, then the sides are cut to their own paddings.
    y = F.conv_transpose2d(x, weights, bias, strides, 0, output_padding)
    return y[:, :, top:y.shape[2] - bottom, left:y.shape[3] - right]


def max_pool(x, *, kernel_shape, strides, pads):
    x, padding = padded(x, pads, torch.finfo(x.dtype).min)  # not infinite: ncnn's files have no such number
    return F.max_pool2d(x, kernel_shape, strides, padding)


def average_pool(x, *, kernel_shape, strides, pads):
    if pads[:2] == pads[2:]:
        return F.avg_pool2d(x, kernel_shape, strides, pads[:2], count_include_pad=False)
    sums = F.avg_pool2d(padded(x, pads)[0], kernel_shape, strides)
    return sums / F.avg_pool2d(padded(torch.ones_like(x[:1, :1]), pads)[0], kernel_shape, strides)


def local_response(x, *, size, alpha, beta, bias):
    return F.local_response_norm(x, size, alpha, beta, bias)


def gemm(x, weights, bias=None, *, transB):
    return F.linear(x, weights, bias)


def resize(x, *_, mode, **attributes):
    sizes = _[-1].tolist()[2:]
    return F.interpolate(x, sizes, mode="nearest" if mode == "nearest" else "bilinear")


def instance_norm(x, scale, shift, *, epsilon):
    return F.instance_norm(x, weight=scale, bias=shift, eps=epsilon)


def pad(x, pads, value=None, *, mode):
    pads = pads.tolist()
    rank = len(pads) // 2
    pairs = [(pads[a], pads[a + rank]) for a in reversed(range(rank))]
    while pairs and pairs[-1] == (0, 0):
        pairs.pop()
    flat = [p for pair in pairs for p in pair]
    return F.pad(x, flat, mode=mode) if mode == "reflect" else F.pad(x, flat, value=float(value))


def slices(x, starts, ends, axes, steps=None):
    index = [slice(None)] * x.dim()
    steps = [1] * len(starts) if steps is None else steps.tolist()
    for start, end, axis, step in zip(starts.tolist(), ends.tolist(), axes.tolist(), steps):
        index[axis] = slice(start, end, step)
    return x[tuple(index)]


OPERATORS = {
    **MODULES, "Conv": conv, "ConvTranspose": conv_transpose, "MaxPool": max_pool, "AveragePool": average_pool,
    "LRN": local_response, "InstanceNormalization": instance_norm, "Gemm": gemm, "Resize": resize, "Pad": pad, "Slice": slices,
    "GlobalAveragePool": lambda x: F.adaptive_avg_pool2d(x, 1),
    "Clip": lambda x, low, high: F.hardtanh(x, float(low), float(high)),
    "LeakyRelu": lambda x, alpha: F.leaky_relu(x, alpha),
    "Softmax": lambda x, axis: F.softmax(x, axis),
    "ReduceMean": lambda x, axes, keepdims: x.mean(axes, True),
    "Flatten": lambda x, axis: x.reshape(x.shape[0], -1),
    "Reshape": lambda x, shape: x.reshape(shape.tolist()),
    "Concat": lambda *parts, axis: torch.cat(parts, axis),
    "Split": lambda x, sizes, axis: torch.split(x, sizes.tolist(), axis),
}


class LoweredModule(torch.nn.Module):
    """One input, one output. Statistics of batch normalisation are buffers, which training moves."""

    def __init__(self, network, drops=True):
        """Without `drops`, dropout keeps every element (and scales it all the same)."""
        super().__init__()
        self.operators = {**OPERATORS, "Dropout": (lambda x, rate: F.dropout(x, rate)) if drops else lambda x, rate: x / (1 - rate)}
        self.steps = [(s.op, s.inputs, s.outputs, s.attributes) for s in network.steps]
        self.input, self.output = next(iter(network.inputs)), next(iter(network.outputs))
        statistics = {name for s in network.steps if s.op == "BatchNormalization" for name in s.inputs[3:]}
        self.constants = {}  # what is a number in the code rather than a tensor of the model
        for name, array in network.weights.items():
            value = torch.from_numpy(array.copy())
            if name in network.variables and name not in statistics:
                self.register_parameter(name, torch.nn.Parameter(value))
            elif value.is_floating_point() and value.dim() > 0:
                self.register_buffer(name, value)
            else:
                self.constants[name] = value
        self.clear_of = self._last_uses()

    def _last_uses(self):
        """For each step, the values that nothing reads after it."""
        last = {name: i for i, (_, inputs, _, _) in enumerate(self.steps) for name in inputs}
        return [[n for n in set(inputs) if last[n] == i and n != self.output]
                for i, (_, inputs, _, _) in enumerate(self.steps)]

    def forward(self, x):
        values = {self.input: x}
        for (op, inputs, outputs, attributes), done in zip(self.steps, self.clear_of):
            arguments = [self._find(values, name) for name in inputs if name]
            if op == "BatchNormalization":
                results = self._batch_norm(*arguments, **attributes)
            else:
                results = self.operators[op](*arguments, **attributes)
            values.update(zip(outputs, results if isinstance(results, (tuple, list)) else [results]))
            for name in done:
                values.pop(name, None)
        return values[self.output]

    def _find(self, values, name):
        if name in values:
            return values[name]
        return self.constants[name] if name in self.constants else getattr(self, name)

    @staticmethod
    def _batch_norm(x, scale, shift, mean, variance, *, epsilon, training_mode=0, momentum=0.9):
        trains = bool(training_mode)
        return F.batch_norm(x, mean, variance, scale, shift, trains, 1 - momentum if trains else 0.0, epsilon)
