"""Conv2D and its two gradients, BiasAdd and BiasAddGrad.

TensorFlow's CPU kernels know convolution in NHWC only, gradients without dilation and without
groups. The other cases are computed by an equivalent graph, again by TensorFlow:

  NCHW      transpose, compute in NHWC, transpose back
  dilation  a filter with zeros between its elements, without dilation
  groups    a convolution for each group, concatenated
"""

import numpy as np
import tensorflow as tf

from recorder.vectors import FLOATS, INTS, session_config

# name, input (NHWC), filter (HWIO), strides, padding, dilations
ROWS = (
    ("point", (2, 4, 5, 3), (1, 1, 3, 4), (1, 1), "VALID", (1, 1)),
    ("valid_3x3", (2, 7, 6, 3), (3, 3, 3, 4), (1, 1), "VALID", (1, 1)),
    ("same_3x3", (2, 7, 6, 3), (3, 3, 3, 4), (1, 1), "SAME", (1, 1)),
    ("same_5x5", (1, 9, 8, 2), (5, 5, 2, 3), (1, 1), "SAME", (1, 1)),
    ("same_even", (1, 6, 7, 2), (2, 4, 2, 3), (1, 1), "SAME", (1, 1)),
    ("oblong", (1, 8, 9, 2), (1, 5, 2, 3), (1, 1), "VALID", (1, 1)),
    ("same_stride_2", (2, 7, 8, 3), (3, 3, 3, 2), (2, 2), "SAME", (1, 1)),
    ("valid_stride_2", (1, 8, 9, 2), (3, 3, 2, 3), (2, 2), "VALID", (1, 1)),
    ("stride_3_over_1x1", (1, 7, 8, 2), (1, 1, 2, 3), (3, 3), "SAME", (1, 1)),
    ("strides_differ", (1, 9, 7, 2), (3, 2, 2, 3), (3, 2), "SAME", (1, 1)),
    ("valid_drops_rows", (1, 10, 11, 1), (3, 3, 1, 2), (3, 4), "VALID", (1, 1)),
    ("explicit", (1, 6, 5, 2), (3, 3, 2, 3), (1, 1), (1, 2, 0, 1), (1, 1)),
    ("explicit_stride", (2, 6, 5, 2), (3, 3, 2, 3), (2, 2), (2, 1, 1, 2), (1, 1)),
    ("explicit_none", (1, 5, 5, 2), (3, 3, 2, 3), (1, 1), (0, 0, 0, 0), (1, 1)),
    ("dilated_valid", (1, 9, 8, 2), (3, 3, 2, 3), (1, 1), "VALID", (2, 2)),
    ("dilated_same", (1, 9, 8, 2), (3, 3, 2, 3), (1, 1), "SAME", (2, 3)),
    ("dilated_explicit", (1, 7, 8, 2), (3, 2, 2, 3), (1, 1), (2, 1, 0, 2), (2, 1)),
    ("whole_input", (2, 5, 4, 3), (5, 4, 3, 6), (1, 1), "VALID", (1, 1)),
    ("filter_over_input_same", (1, 2, 3, 2), (5, 5, 2, 2), (1, 1), "SAME", (1, 1)),
    ("one_pixel", (1, 1, 1, 3), (3, 3, 3, 2), (1, 1), "SAME", (1, 1)),
    ("one_channel", (2, 5, 5, 1), (3, 3, 1, 1), (1, 1), "SAME", (1, 1)),
    ("channels_17_to_19", (1, 4, 3, 17), (3, 3, 17, 19), (1, 1), "SAME", (1, 1)),
    ("groups_2", (1, 5, 6, 4), (3, 3, 2, 6), (1, 1), "SAME", (1, 1)),
    ("groups_depthwise", (1, 5, 6, 3), (3, 3, 1, 6), (2, 2), "VALID", (1, 1)),
    ("empty_batch", (0, 5, 5, 2), (3, 3, 2, 3), (1, 1), "SAME", (1, 1)),
)
FEW_ROWS = ROWS[2:12:4]


def record(library):
    forward = library.op("Conv2D")
    to_input = library.op("Conv2DBackpropInput")
    to_filter = library.op("Conv2DBackpropFilter")
    for dtype in FLOATS:
        for row in ROWS if dtype == "float32" else FEW_ROWS:
            for data_format in ("NHWC", "NCHW"):
                _row(forward, to_input, to_filter, row, dtype, data_format)
    for dtype in INTS:
        x, w = forward.draw((1, 4, 5, 2), dtype, 0, 4), forward.draw((3, 3, 2, 2), dtype, 0, 4)
        forward.case(f"same_3x3_{dtype}", input=x, filter=w, strides=[1, 1, 1, 1], padding="SAME")
    _bias(library)


def _row(forward, to_input, to_filter, row, dtype, data_format):
    name, input_shape, filter_shape, strides, padding, dilations = row
    name = f"{name}_{dtype}_{data_format}"
    x, w = forward.draw(input_shape, dtype), forward.draw(filter_shape, dtype)
    equivalent = Equivalent(input_shape, filter_shape, strides, padding, dilations)
    plain = data_format == "NHWC"
    groups = input_shape[3] // filter_shape[2]

    def outside(array):
        return array if plain else np.ascontiguousarray(array.transpose(0, 3, 1, 2))

    attributes = attributes_of(strides, padding, dilations, data_format)
    if plain:
        y, = forward.case(name, input=x, filter=w, **attributes)
        np.testing.assert_allclose(y, equivalent.forward(x, w), rtol=1e-3, atol=1e-4)
    else:
        y = equivalent.forward(x, w)
        forward.rewritten_case(name, [outside(y)], input=outside(x), filter=w, **attributes)

    dy = to_input.draw(y.shape, dtype)
    sizes = np.int32(input_shape if plain else [input_shape[i] for i in (0, 3, 1, 2)])
    of_input = dict(input_sizes=sizes, filter=w, out_backprop=outside(dy), **attributes)
    of_filter = dict(input=outside(x), filter_sizes=np.int32(filter_shape),
                     out_backprop=outside(dy), **attributes)
    if plain and dilations == (1, 1) and groups == 1:
        to_input.case(name, **of_input)
        to_filter.case(name, **of_filter)
    else:
        dx, dw = equivalent.backward(x, w, dy)
        to_input.rewritten_case(name, [outside(dx)], **of_input)
        to_filter.rewritten_case(name, [dw], **of_filter)


def attributes_of(strides, padding, dilations, data_format):
    def per_dimension(pair, channel):
        height, width = pair
        return [channel, height, width, channel] if data_format == "NHWC" else [
            channel, channel, height, width]

    attributes = dict(strides=per_dimension(strides, 1), dilations=per_dimension(dilations, 1),
                      data_format=data_format, padding=padding)
    if not isinstance(padding, str):
        top, bottom, left, right = padding
        attributes["padding"] = "EXPLICIT"
        attributes["explicit_paddings"] = ([0, 0, top, bottom, left, right, 0, 0]
                                           if data_format == "NHWC" else
                                           [0, 0, 0, 0, top, bottom, left, right])
    return attributes


class Equivalent:
    """The same convolution in NHWC without dilation and groups."""

    def __init__(self, input_shape, filter_shape, strides, padding, dilations):
        self.groups = input_shape[3] // filter_shape[2]
        self.strides, self.padding, self.dilations = strides, padding, dilations

    def forward(self, x, w):
        return self._evaluate(lambda x, w, y: [y], x, w)[0]

    def backward(self, x, w, dy):
        return self._evaluate(lambda x, w, y: tf.gradients(y, [x, w], grad_ys=tf.constant(dy)), x, w)

    def _evaluate(self, result, x, w):
        graph = tf.Graph()
        with graph.as_default():
            x, w = tf.constant(x), tf.constant(w)
            fetches = result(x, w, self._convolution(x, w))
            with tf.compat.v1.Session(graph=graph, config=session_config()) as session:
                return session.run(fetches)

    def _convolution(self, x, w):
        attributes = attributes_of(self.strides, self.padding, (1, 1), "NHWC")
        outputs = [tf.raw_ops.Conv2D(input=part, filter=self._dilated(weights), **attributes)
                   for part, weights in zip(tf.split(x, self.groups, 3),
                                            tf.split(w, self.groups, 3))]
        return tf.concat(outputs, 3)

    def _dilated(self, w):
        """Puts zeros between the rows and the columns of a filter."""
        for axis, dilation in enumerate(self.dilations):
            if dilation == 1:
                continue
            shape = w.shape.as_list()
            paddings = [[0, 0]] * (axis + 1) + [[0, dilation - 1]] + [[0, 0]] * (3 - axis)
            apart = tf.pad(tf.expand_dims(w, axis + 1), paddings)
            shape[axis] *= dilation
            w = tf.reshape(apart, shape)
            shape[axis] -= dilation - 1
            w = tf.slice(w, [0, 0, 0, 0], shape)
        return w


def _bias(library):
    forward, gradient = library.op("BiasAdd"), library.op("BiasAddGrad")
    shapes = ((3, 5), (2, 3, 4), (2, 3, 5, 4), (2, 1, 1, 17), (2, 2, 3, 2, 3), (0, 3), (2, 0, 4, 3))
    for dtype in FLOATS + INTS:
        for shape in shapes if dtype == "float32" else shapes[::2]:
            for data_format in ("NHWC", "NCHW") if len(shape) > 2 else ("NHWC",):
                channels = shape[-1] if data_format == "NHWC" else shape[1]
                name = f"{'x'.join(map(str, shape))}_{dtype}_{data_format}"
                x = forward.draw(shape, dtype)
                forward.case(name, value=x, bias=forward.draw((channels,), dtype),
                             data_format=data_format)
                gradient.case(name, out_backprop=x, data_format=data_format)
