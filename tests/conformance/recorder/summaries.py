"""The ops that make Summary messages. The pictures in them are PNG files, whose bytes depend on zlib: a test compares
what they decode to."""

import numpy as np
import tensorflow as tf

from recorder.vectors import FLOATS, INTS


def record(library):
    _scalar(library.op("ScalarSummary"))
    _histogram(library.op("HistogramSummary"))
    _image(library.op("ImageSummary"))
    _merge(library.op("MergeSummary"))


def _scalar(vectors):
    for dtype in FLOATS + INTS + ("int8", "int16", "uint16", "uint32", "uint64", "float16"):
        vectors.case(f"scalar_{dtype}", tags=b"loss", values=vectors.draw((), dtype))
    vectors.case("scalar_bfloat16", tags=b"loss", values=np.asarray(1.2345, tf.bfloat16.as_numpy_dtype))
    vectors.case("vector", tags=np.asarray([b"a", b"b/c", b""], object), values=vectors.draw((3,), "float32"))
    vectors.case("empty", tags=np.zeros((0,), object), values=np.zeros((0,), np.float32))
    vectors.case("not_finite", tags=np.asarray([b"nan", b"inf"], object), values=np.float32([np.nan, np.inf]))
    vectors.case("zero", tags=b"zero", values=np.float32(0))


def _histogram(vectors):
    for dtype in FLOATS + INTS + ("int8", "int16", "uint16", "uint32", "uint64", "float16"):
        vectors.case(f"values_{dtype}", tag=b"weights", values=vectors.draw((7, 11), dtype))
    vectors.case("normal", tag=b"w", values=vectors.rng.normal(0, 0.01, (1000,)).astype(np.float32))
    vectors.case("wide", tag=b"w", values=np.float64([-1e300, -1e20, -1e-13, 0, 1e-12, 1e-11, 1e19, 1e25]))
    vectors.case("at_limits", tag=b"w", values=np.float64([1e-12, 1.1e-12, -1e-12, 1e-12 * 1.1 * 1.1]))
    vectors.case("zeros", tag=b"w", values=np.zeros((5,), np.float32))
    vectors.case("one", tag=b"w", values=np.float32(-2.5))
    vectors.case("empty", tag=b"w", values=np.zeros((0,), np.float32))


def _image(vectors):
    for channels in (1, 3, 4):
        vectors.case(f"bytes_{channels}", tag=b"p", tensor=vectors.draw((2, 5, 7, channels), "uint8", 0, 256))
        for dtype in ("float32", "float64", "float16"):
            vectors.case(f"signed_{channels}_{dtype}", tag=b"p", tensor=vectors.draw((2, 5, 7, channels), dtype))
        vectors.case(f"positive_{channels}", tag=b"p", tensor=vectors.draw((4, 3, 3, channels), "float32", 0, 9))
    one = vectors.draw((2, 4, 4, 3), "float32")
    vectors.case("one_of_two", tag=b"p", tensor=one, max_images=1)
    vectors.case("five_of_two", tag=b"p", tensor=one, max_images=5)
    bad = one.copy()
    bad[0, 1, 2, 0], bad[1, 0, 0, 2] = np.nan, -np.inf
    vectors.case("not_finite", tag=b"p", tensor=bad)
    vectors.case("tiny", tag=b"p", tensor=one * np.float32(1e-8))
    vectors.case("no_pictures", tag=b"p", tensor=np.zeros((0, 4, 4, 3), np.float32))


def _merge(vectors):
    def scalar(tag, value):
        return tf.compat.v1.Summary(value=[{"tag": tag, "simple_value": value}]).SerializeToString()

    def strings(*values):
        return np.asarray(values, object)

    vectors.case("two", inputs=[np.asarray(scalar("a", 1.5), object), np.asarray(scalar("b", 2.5), object)])
    vectors.case("one", inputs=[np.asarray(scalar("a", 1.5), object)])
    vectors.case("vectors", inputs=[strings(scalar("a", 1.5), scalar("c", 3)), strings(scalar("b", 2.5))])
    vectors.case("nothing", inputs=[np.asarray(b"", object), strings()])
