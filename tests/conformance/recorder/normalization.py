"""LRN and FusedBatchNorm of all versions, with their gradients."""

import numpy as np

TO_FIRST = (0, 3, 1, 2)


def record(library):
    _lrn(library.op("LRN"), library.op("LRNGrad"))
    for version in ("", "V2", "V3"):
        _batch_norm(library.op(f"FusedBatchNorm{version}"),
                    library.op(f"FusedBatchNormGrad{version}"), version)


def _lrn(forward, gradient):
    rows = (
        ("default", (2, 3, 4, 17), {}),
        ("alexnet", (1, 3, 2, 96), dict(depth_radius=2, bias=2., alpha=1e-4, beta=.75)),
        ("strong", (2, 3, 2, 19), dict(depth_radius=2, bias=1., alpha=.7, beta=.75)),
        ("radius_0", (1, 2, 2, 5), dict(depth_radius=0, bias=.5, alpha=.3, beta=.75)),
        ("radius_1", (1, 2, 2, 5), dict(depth_radius=1, bias=.5, alpha=.3, beta=1.)),
        ("radius_3", (1, 2, 2, 64), dict(depth_radius=3, bias=2., alpha=.3, beta=.6)),
        ("radius_over_channels", (1, 2, 2, 4), dict(depth_radius=9, alpha=.2, beta=.75)),
        ("one_channel", (1, 2, 3, 1), dict(depth_radius=2, alpha=.2, beta=.5)),
        ("large_beta", (1, 2, 3, 8), dict(depth_radius=2, alpha=.2, beta=2.5)),
        ("empty", (0, 2, 3, 8), dict(depth_radius=2)),
    )
    for name, shape, attributes in rows:
        x = forward.draw(shape, "float32")
        y, = forward.case(name, input=x, **attributes)
        gradient.case(name, input_grads=gradient.draw(shape, "float32"), input_image=x,
                      output_image=y, **attributes)


def _batch_norm(forward, gradient, version):
    rows = (
        ("plain", (4, 3, 2, 5), {}),
        ("one_pixel", (1, 1, 1, 3), {}),
        ("five_rows", (5, 1, 1, 3), {}),
        ("channels_1", (3, 4, 5, 1), {}),
        ("channels_16", (2, 5, 3, 16), dict(epsilon=1e-3)),
        ("channels_17", (2, 3, 3, 17), dict(epsilon=.1)),
        ("channels_64", (3, 2, 3, 64), {}),
        ("channels_129", (2, 2, 2, 129), {}),
        ("many_rows", (3, 17, 19, 2), {}),
        ("large_mean", (2, 8, 8, 3), {}),
        ("average", (2, 3, 3, 4), dict(exponential_avg_factor=.3)),
        ("empty", (0, 2, 3, 4), {}),
    )
    for name, shape, attributes in rows:
        for training in (True, False):
            for data_format in ("NHWC", "NCHW"):
                if data_format == "NCHW" and name not in ("plain", "channels_17", "average"):
                    continue
                _row(forward, gradient, version,
                     f"{name}_{'training' if training else 'inference'}_{data_format}", shape,
                     dict(attributes, is_training=training), data_format)


def _row(forward, gradient, version, name, shape, attributes, data_format):
    channels = shape[-1]
    x = forward.draw(shape, "float32")
    if name.startswith("large_mean"):
        x += np.float32(20)
    scale, offset = (forward.draw((channels,), "float32", *bounds) for bounds in ((.5, 2), (-1, 1)))
    averages = attributes.get("exponential_avg_factor", 1.) != 1. or not attributes["is_training"]
    mean, variance = np.zeros(0, np.float32), np.zeros(0, np.float32)
    if averages:
        mean = forward.draw((channels,), "float32", -1, 1)
        variance = forward.draw((channels,), "float32", .5, 2)

    def outside(array):
        return (np.ascontiguousarray(array.transpose(TO_FIRST)) if data_format == "NCHW"
                else array)

    undefined = () if attributes["is_training"] and x.size else (3, 4)
    if version == "V3":
        undefined += (5,)
    outputs = forward.case(name, undefined=undefined, x=outside(x), scale=scale, offset=offset,
                           mean=mean, variance=variance, data_format=data_format, **attributes)
    if not x.size:
        return
    saved = outputs[3:5] if attributes["is_training"] else (mean, variance)
    attributes.pop("exponential_avg_factor", None)
    inputs = dict(y_backprop=outside(gradient.draw(shape, "float32")), x=outside(x), scale=scale,
                  reserve_space_1=saved[0], reserve_space_2=saved[1])
    if version == "V3":
        inputs["reserve_space_3"] = np.float32(0)
    if data_format == "NCHW" and not attributes["is_training"]:
        return  # TensorFlow's CPU kernel refuses it
    gradient.case(name, data_format=data_format, **inputs, **attributes)
