"""DepthwiseConv2dNative and its two gradients.

TensorFlow's CPU kernels know NHWC, one stride for both axes, and no dilation. The other cases are
computed as a grouped convolution by the graphs of conv.py.
"""

import numpy as np

from recorder.conv import Equivalent, attributes_of
from recorder.vectors import FLOATS

# name, input (NHWC), filter, strides, padding, dilations
ROWS = (
    ("same_3x3", (2, 7, 6, 3), (3, 3, 3, 1), (1, 1), "SAME", (1, 1)),
    ("valid_3x3", (2, 7, 6, 4), (3, 3, 4, 1), (1, 1), "VALID", (1, 1)),
    ("multiplier_2", (1, 5, 6, 3), (3, 3, 3, 2), (1, 1), "SAME", (1, 1)),
    ("multiplier_3_stride_2", (2, 7, 6, 2), (3, 2, 2, 3), (2, 2), "VALID", (1, 1)),
    ("stride_2", (2, 8, 7, 5), (3, 3, 5, 1), (2, 2), "SAME", (1, 1)),
    ("one_channel", (1, 5, 5, 1), (3, 3, 1, 4), (1, 1), "SAME", (1, 1)),
    ("channels_16", (2, 6, 5, 16), (3, 3, 16, 1), (1, 1), "SAME", (1, 1)),
    ("channels_32_stride_2", (1, 9, 9, 32), (3, 3, 32, 1), (2, 2), "SAME", (1, 1)),
    ("channels_19", (1, 6, 5, 19), (3, 3, 19, 1), (1, 1), "SAME", (1, 1)),
    ("channels_24_5x5", (1, 8, 7, 24), (5, 5, 24, 1), (1, 1), "SAME", (1, 1)),
    ("point", (1, 3, 4, 8), (1, 1, 8, 1), (1, 1), "VALID", (1, 1)),
    ("explicit", (1, 6, 5, 8), (3, 3, 8, 1), (1, 1), (1, 2, 0, 1), (1, 1)),
    ("filter_over_input", (1, 2, 2, 8), (5, 5, 8, 1), (1, 1), "SAME", (1, 1)),
    ("strides_differ", (1, 9, 7, 8), (3, 2, 8, 1), (3, 2), "SAME", (1, 1)),
    ("dilated", (1, 9, 8, 8), (3, 3, 8, 1), (1, 1), "SAME", (2, 2)),
    ("empty_batch", (0, 5, 5, 2), (3, 3, 2, 1), (1, 1), "SAME", (1, 1)),
)


def record(library):
    ops = [library.op(f"DepthwiseConv2dNative{direction}")
           for direction in ("", "BackpropInput", "BackpropFilter")]
    for dtype in FLOATS:
        for row in ROWS if dtype == "float32" else ROWS[::3]:
            for data_format in ("NHWC", "NCHW"):
                _row(*ops, row, dtype, data_format)


def _row(forward, to_input, to_filter, row, dtype, data_format):
    name, input_shape, filter_shape, strides, padding, dilations = row
    name = f"{name}_{dtype}_{data_format}"
    x, w = forward.draw(input_shape, dtype), forward.draw(filter_shape, dtype)
    grouped = (*filter_shape[:2], 1, filter_shape[2] * filter_shape[3])
    equivalent = Equivalent(input_shape, grouped, strides, padding, dilations)
    plain = data_format == "NHWC"
    direct = plain and dilations == (1, 1) and strides[0] == strides[1] and input_shape[0] > 0

    def outside(array):
        return array if plain else np.ascontiguousarray(array.transpose(0, 3, 1, 2))

    attributes = attributes_of(strides, padding, dilations, data_format)
    y = equivalent.forward(x, w.reshape(grouped))
    if direct:
        computed, = forward.case(name, input=x, filter=w, **attributes)
        np.testing.assert_allclose(computed, y, rtol=1e-3, atol=1e-4)
    else:
        forward.rewritten_case(name, [outside(y)], input=outside(x), filter=w, **attributes)

    dy = to_input.draw(y.shape, dtype)
    sizes = np.int32(input_shape if plain else [input_shape[i] for i in (0, 3, 1, 2)])
    of_input = dict(input_sizes=sizes, filter=w, out_backprop=outside(dy), **attributes)
    of_filter = dict(input=outside(x), filter_sizes=np.int32(filter_shape),
                     out_backprop=outside(dy), **attributes)
    if direct:
        to_input.case(name, **of_input)
        to_filter.case(name, **of_filter)
    else:
        dx, dw = equivalent.backward(x, w.reshape(grouped), dy)
        to_input.rewritten_case(name, [outside(dx)], **of_input)
        to_filter.rewritten_case(name, [dw.reshape(filter_shape)], **of_filter)
