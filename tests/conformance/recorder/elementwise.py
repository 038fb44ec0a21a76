"""One input, same shape out; and the gradient ops of that kind."""

import numpy as np
import tensorflow as tf

from recorder.vectors import ALL, FLOATS, NUMBERS

SPECIAL_FLOATS = (0., -0., 1., -1., .5, -.5, 2., -2., 10., -10., 20., -20., 88., -88., 100., -100.,
                  1e-30, -1e-30, 1e30, -1e30, np.inf, -np.inf, np.nan)
SHAPES = ((), (1,), (17,), (5, 7), (2, 3, 5, 7), (1031,), (0,), (3, 0, 2))


def record(library):
    for op in ("Square", "Sqrt", "Rsqrt", "Exp", "Log", "Neg", "Tanh", "Sigmoid"):
        _unary(library.op(op), "x")
    for op in ("Abs", "Sign", "Floor", "Ceil", "Round", "Reciprocal"):
        _unary(library.op(op), "x")
    for op in ("Relu", "Relu6", "Elu", "Selu", "Softplus", "LeakyRelu"):
        _unary(library.op(op), "features")
    leaky = library.op("LeakyRelu"), library.op("LeakyReluGrad")
    for alpha in (0., .01, 1.5):
        x = leaky[0].draw((37,), "float32")
        leaky[0].case(f"alpha_{alpha}", features=x, alpha=alpha)
        leaky[1].case(f"alpha_{alpha}", features=x, gradients=leaky[1].draw((37,), "float32"),
                      alpha=alpha)
    for op in ("SqrtGrad", "RsqrtGrad", "TanhGrad", "SigmoidGrad"):
        _gradient(library.op(op), "y", "dy")
    _gradient(library.op("ReciprocalGrad"), "y", "dy")
    for op in ("ReluGrad", "Relu6Grad", "LeakyReluGrad", "SoftplusGrad"):
        _gradient(library.op(op), "features", "gradients")
    for op in ("EluGrad", "SeluGrad"):
        _gradient(library.op(op), "outputs", "gradients")
    _logical_not(library.op("LogicalNot"))
    _cast(library.op("Cast"))
    _add_n(library.op("AddN"))
    _l2_loss(library.op("L2Loss"))


def _name(shape):
    return "x".join(map(str, shape)) or "scalar"


def _unary(vectors, key):
    positive = vectors.op in ("Sqrt", "Rsqrt", "Log", "Reciprocal")
    # TensorFlow's Round does not write the output for integers.
    for dtype in FLOATS if vectors.op == "Round" else NUMBERS:
        for shape in SHAPES if dtype == "float32" else ((), (5, 7), (131,), (0, 3)):
            low = (1 if dtype not in FLOATS else .01) if positive else None
            vectors.case(f"{_name(shape)}_{dtype}", **{key: vectors.draw(shape, dtype, low)})
    for dtype in FLOATS:
        vectors.case(f"special_{dtype}", **{key: np.asarray(SPECIAL_FLOATS, dtype)})
        vectors.case(f"wide_{dtype}",
                     **{key: vectors.draw((4, 33), dtype, .1 if positive else -30, 30)})
    for dtype in ("int32", "int64") if vectors.op != "Round" else ():
        limits = np.iinfo(dtype)
        vectors.case(f"limits_{dtype}",
                     **{key: np.asarray([0, -1, 1, limits.max, limits.min + 1], dtype)})


def _gradient(vectors, result, gradient):
    for dtype in NUMBERS:
        for shape in SHAPES if dtype == "float32" else ((), (5, 7), (131,), (0, 3)):
            low, high = (None, None)
            if dtype in FLOATS:
                low, high = {"SqrtGrad": (.1, 2), "RsqrtGrad": (.1, 2), "TanhGrad": (-1, 1),
                             "SigmoidGrad": (0, 1)}.get(vectors.op, (None, None))
            vectors.case(f"{_name(shape)}_{dtype}",
                         **{result: vectors.draw(shape, dtype, low, high),
                            gradient: vectors.draw(shape, dtype)})
    special = np.float32([0, -0.0, 1, -1, np.inf, -np.inf, np.nan])
    finite = special[:4]
    # ReluGrad multiplies by 0 or 1 in TensorFlow: apart, as infinity times zero is NaN.
    for name, gradients in (("special", finite), ("special_gradient", special[4:])):
        left, right = (grid.reshape(-1) for grid in np.meshgrid(special, gradients))
        vectors.case(name, **{result: left, gradient: right})


def _logical_not(vectors):
    for shape in SHAPES:
        vectors.case(_name(shape), x=vectors.draw(shape, "bool"))


def _cast(vectors):
    """Values that every target holds, and for floats values that truncate. Out of range or NaN to
    an integer is undefined in TensorFlow (it differs between CPUs and vector lengths): not here."""
    for source in ALL:
        for target in ALL:
            target_type = tf.as_dtype(target)
            array = vectors.draw((3, 11), source, *((0, 40) if source != "bool" else ()))
            if source in FLOATS and target != "uint8":
                array = vectors.draw((3, 11), source, -20, 20)
            elif source in ("int32", "int64") and target != "uint8":
                array = vectors.draw((3, 11), source)
            vectors.case(f"{source}_to_{target}", x=array, DstT=target_type)
    for source in FLOATS:
        halves = np.asarray([-2.5, -1.5, -1, -.99, -.5, -0., 0., .5, .99, 1.5, 2.5, 1e6 + .7],
                            source)
        for target in ("int32", "int64", "bool", "float32", "float64"):
            vectors.case(f"truncation_{source}_to_{target}", x=halves, DstT=tf.as_dtype(target))
    vectors.case("special_to_bool", x=np.float32([np.nan, np.inf, -np.inf, 1e-30]), DstT=tf.bool)
    vectors.case("special_to_double", x=np.float32([np.nan, np.inf, -np.inf]), DstT=tf.float64)
    vectors.case("double_to_float_rounds", DstT=tf.float32,
                 x=np.float64([1 + 2**-24, 1 + 3 * 2**-24, 1e39, -1e39, .1, np.nan]))
    vectors.case("int64_to_float_rounds", DstT=tf.float32,
                 x=np.int64([2**24 + 1, 2**24 + 3, 2**53 + 1, -2**63, 2**63 - 1]))
    vectors.case("int64_to_int32_wraps", DstT=tf.int32, x=np.int64([2**31, 2**32 + 5, -2**31 - 1]))
    vectors.case("int32_to_uint8_wraps", DstT=tf.uint8, x=np.int32([-1, 256, 300, -129]))
    vectors.case("low_byte_zero_to_bool", DstT=tf.bool, x=np.int32([0, 256, -1, 2**31 - 1]))
    vectors.case("scalar", x=np.float32(3.75), DstT=tf.int32)
    vectors.case("empty", x=np.zeros((2, 0), np.float32), DstT=tf.int64)
    vectors.case("long", x=vectors.draw((1031,), "float32", -1e4, 1e4), DstT=tf.int32)


def _add_n(vectors):
    for dtype in NUMBERS:
        for count in (1, 2, 3, 9):
            vectors.case(f"{count}_{dtype}",
                         inputs=[vectors.draw((3, 5), dtype) for _ in range(count)])
    vectors.case("scalars", inputs=[vectors.draw((), "float32") for _ in range(4)])
    vectors.case("empty", inputs=[np.zeros((0, 2), np.float32)] * 2)
    vectors.case("eleven", inputs=[vectors.draw((37,), "float32") for _ in range(11)])


def _l2_loss(vectors):
    for dtype in FLOATS:
        for shape in SHAPES:
            vectors.case(f"{_name(shape)}_{dtype}", t=vectors.draw(shape, dtype))
    vectors.case("special", t=np.float32([1, np.inf, 2]))
    vectors.case("nan", t=np.float32([1, np.nan, 2]))
