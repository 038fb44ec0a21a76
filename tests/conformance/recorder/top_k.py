"""TopKV2 and InTopKV2."""

import numpy as np

from recorder.vectors import NUMBERS


def record(library):
    _top_k(library.op("TopKV2"))
    _in_top_k(library.op("InTopKV2"))


def _top_k(vectors):
    for dtype in NUMBERS:
        for k in (1, 3, 7):
            vectors.case(f"{k}_of_7_{dtype}", input=vectors.draw((4, 7), dtype), k=np.int32(k))
    for name, shape, k in (("vector", (9,), 4), ("rank_4", (2, 3, 1, 5), 2), ("long", (3, 1031), 5),
                           ("long_all", (2, 257), 257), ("none", (3, 4), 0), ("empty", (0, 5), 2)):
        vectors.case(name, input=vectors.draw(shape, "float32"), k=np.int32(k))
    for index_type in ("int32", "int64"):
        vectors.case(f"indices_{index_type}", input=vectors.draw((3, 5), "float32"), k=np.int64(2),
                     index_type=index_type)
    vectors.case("ties_take_the_first", k=np.int32(3), input=np.float32(
        [[1, 3, 3, 2, 3], [5, 5, 5, 5, 5], [0., -0., 0., -0., -1.]]))
    inf = np.inf
    vectors.case("infinite", k=np.int32(2), input=np.float32([[-inf, inf, 0], [-inf, -inf, -inf]]))


def _in_top_k(vectors):
    for dtype in ("int32", "int64"):
        for k in (0, 1, 3, 5, 9):
            vectors.case(f"{k}_{dtype}", predictions=vectors.draw((11, 5), "float32"),
                         targets=vectors.draw((11,), dtype, 0, 5), k=np.asarray(k, dtype))
    vectors.case("no_class", predictions=vectors.draw((3, 4), "float32"), k=np.int32(4),
                 targets=np.int32([-1, 4, 0]))
    vectors.case("ties_count_for_the_target", k=np.int32(2), targets=np.int32([3, 3]),
                 predictions=np.float32([[1, 1, 1, 1], [2, 2, 1, 1]]))
    nan, inf = np.nan, np.inf
    vectors.case("not_finite", k=np.int32(2), targets=np.int32([0, 0, 1, 2]), predictions=np.float32(
        [[nan, 1, 2], [1, inf, 0], [0, 2, -inf], [1, 0, nan]]))
    vectors.case("empty", predictions=np.zeros((0, 5), np.float32), targets=np.zeros(0, np.int32),
                 k=np.int32(2))
