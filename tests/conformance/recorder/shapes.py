"""Shape and its kin, and the ops that move elements without arithmetic."""

import numpy as np
import tensorflow as tf

from recorder.vectors import ALL

RANKS = ((), (1,), (7,), (3, 5), (2, 1, 3), (2, 3, 4, 5), (0,), (2, 0, 3), (1, 2, 1, 2, 1, 2))


def record(library):
    _questions(library)
    _shape_n(library.op("ShapeN"))
    _reshape(library.op("Reshape"))
    _squeeze(library.op("Squeeze"))
    _expand_dims(library.op("ExpandDims"))
    _transpose(library.op("Transpose"))
    _concat(library.op("ConcatV2"))
    _concat_offset(library.op("ConcatOffset"))
    _pack(library.op("Pack"))
    _unpack(library.op("Unpack"))
    _split(library.op("Split"), library.op("SplitV"))
    _identity_n(library.op("IdentityN"))
    _tile(library.op("Tile"))
    _pad(library.op("Pad"))


def _label(shape):
    return "x".join(map(str, shape)) or "scalar"


def _signed(number):
    return str(number).replace("-", "minus_")


def _questions(library):
    for op in ("Shape", "Size"):
        vectors = library.op(op)
        for out in (tf.int32, tf.int64):
            for shape in RANKS:
                vectors.case(f"{_label(shape)}_{out.name}", input=np.zeros(shape, np.float32),
                             out_type=out)
        for dtype in ALL:
            vectors.case(f"of_{dtype}", input=vectors.draw((2, 3), dtype))
    vectors = library.op("Rank")
    for shape in RANKS:
        vectors.case(_label(shape), input=np.zeros(shape, np.float32))
    for dtype in ALL:
        vectors.case(f"of_{dtype}", input=vectors.draw((2, 3), dtype))


def _shape_n(vectors):
    """TensorFlow's gradient of Conv2D asks for two shapes at once."""
    for out in (tf.int32, tf.int64):
        for dtype in ALL:
            vectors.case(f"two_{dtype}_{out.name}", out_type=out,
                         input=[vectors.draw((2, 3), dtype), vectors.draw((4,), dtype)])
        vectors.case(f"many_{out.name}", out_type=out,
                     input=[np.zeros(shape, np.float32) for shape in RANKS])
    vectors.case("one", input=[np.zeros((3, 0), np.float32)])


def _reshape(vectors):
    rows = (("same", (3, 4), [3, 4]), ("flat", (3, 4), [12]), ("infer", (3, 4), [-1]),
            ("infer_first", (2, 3, 4), [-1, 4]), ("infer_middle", (2, 3, 4), [2, -1, 2]),
            ("infer_last", (2, 3, 4), [6, -1]), ("infer_one", (2, 3), [2, 3, -1]),
            ("to_scalar", (1, 1), []), ("from_scalar", (), [1, 1, 1]),
            ("infer_from_scalar", (), [-1]), ("empty", (0, 3), [3, 0]),
            ("infer_empty", (0, 3), [-1, 3]), ("infer_zero", (2, 0), [-1, 5]))
    for name, shape, target in rows:
        for dtype in ("int32", "int64"):
            vectors.case(f"{name}_{dtype}_shape", tensor=vectors.draw(shape, "float32"),
                         shape=np.asarray(target, dtype))
    for dtype in ALL:
        vectors.case(f"infer_{dtype}", tensor=vectors.draw((2, 6), dtype),
                     shape=np.int32([3, -1]))


def _squeeze(vectors):
    rows = (("all", (1, 3, 1, 2, 1), []), ("none_to_squeeze", (2, 3), []), ("to_scalar", (1, 1), []),
            ("first", (1, 3, 1), [0]), ("last", (1, 3, 1), [2]), ("negative", (1, 3, 1), [-1]),
            ("both", (1, 3, 1), [0, 2]), ("unsorted", (1, 3, 1, 2, 1), [4, 0]),
            ("mixed_signs", (1, 3, 1, 2, 1), [-1, 2]), ("empty", (1, 0, 1), [0]), ("scalar", (), []))
    for name, shape, axes in rows:
        vectors.case(name, input=vectors.draw(shape, "float32"), squeeze_dims=axes)
    for dtype in ALL:
        vectors.case(f"all_{dtype}", input=vectors.draw((1, 5, 1), dtype), squeeze_dims=[])


def _expand_dims(vectors):
    for shape in ((), (3,), (2, 3), (2, 0, 3)):
        for axis in range(-len(shape) - 1, len(shape) + 1):
            vectors.case(f"{_label(shape)}_axis_{_signed(axis)}",
                         input=vectors.draw(shape, "float32"), dim=np.int32(axis))
    for dtype in ALL:
        vectors.case(f"of_{dtype}", input=vectors.draw((2, 3), dtype), dim=np.int32(1))
    vectors.case("int64_axis", input=vectors.draw((2, 3), "float32"), dim=np.int64(-1))
    vectors.case("vector_axis", input=vectors.draw((2, 3), "float32"), dim=np.int32([1]))


def _transpose(vectors):
    rows = ((), (0,), (0, 1), (1, 0), (0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1),
            (2, 1, 0), (0, 2, 3, 1), (0, 3, 1, 2), (3, 2, 1, 0), (1, 0, 3, 2), (0, 2, 1, 3),
            (2, 3, 1, 0), (4, 2, 0, 3, 1), (0, 1, 3, 4, 2), (5, 3, 1, 0, 2, 4))
    sizes = (3, 5, 2, 4, 3, 2)
    for permutation in rows:
        shape = sizes[:len(permutation)]
        vectors.case("p" + "".join(map(str, permutation)), x=vectors.draw(shape, "float32"),
                     perm=np.asarray(permutation, np.int32))
    for dtype in ALL:
        vectors.case(f"matrix_{dtype}", x=vectors.draw((5, 7), dtype), perm=np.int64([1, 0]))
        vectors.case(f"to_nchw_{dtype}", x=vectors.draw((2, 3, 5, 3), dtype),
                     perm=np.int32([0, 3, 1, 2]))
    vectors.case("negative", x=vectors.draw((3, 5, 2), "float32"), perm=np.int32([-1, 0, -2]))
    vectors.case("ones", x=vectors.draw((1, 7, 1, 3), "float32"), perm=np.int32([2, 3, 0, 1]))
    vectors.case("empty", x=np.zeros((2, 0, 3), np.float32), perm=np.int32([2, 1, 0]))
    vectors.case("tiles", x=vectors.draw((33, 31), "float32"), perm=np.int32([1, 0]))


def _concat(vectors):
    def parts(shapes, dtype):
        return [vectors.draw(shape, dtype) for shape in shapes]

    rows = (("first", [(2, 3), (4, 3)], 0), ("last", [(2, 3), (2, 1), (2, 4)], 1),
            ("negative", [(2, 3), (2, 1)], -1), ("negative_first", [(2, 3), (1, 3)], -2),
            ("middle", [(2, 1, 3), (2, 4, 3), (2, 2, 3)], 1), ("vectors", [(1,), (5,), (2,)], 0),
            ("channels", [(1, 3, 3, 2), (1, 3, 3, 5), (1, 3, 3, 1)], 3),
            ("with_empty", [(2, 0), (2, 3)], 1), ("empty_between", [(3,), (0,), (2,)], 0),
            ("all_empty", [(0, 2), (0, 2)], 0), ("other_empty", [(0, 2), (0, 3)], 1),
            ("nine", [(1, 2)] * 9, 0))
    for name, shapes, axis in rows:
        vectors.case(name, values=parts(shapes, "float32"), axis=np.int32(axis))
    for dtype in ALL:
        vectors.case(f"of_{dtype}", values=parts([(3, 2), (3, 5)], dtype), axis=np.int32(1))
        vectors.case(f"int64_axis_{dtype}", values=parts([(3, 2), (1, 2)], dtype),
                     axis=np.int64(0))


def _concat_offset(vectors):
    rows = (("first", 0, [(2, 3), (4, 3), (1, 3)]), ("last", 1, [(2, 3), (2, 1), (2, 4)]),
            ("middle", 1, [(2, 1, 3), (2, 4, 3)]), ("negative", -1, [(2, 3), (2, 5)]),
            ("with_empty", 0, [(0, 3), (2, 3), (0, 3), (1, 3)]))
    for name, axis, shapes in rows:
        vectors.case(name, concat_dim=np.int32(axis), shape=[np.int32(shape) for shape in shapes])
    vectors.case("int64", concat_dim=np.int32(1), shape=[np.int64([2, 3]), np.int64([2, 4])])


def _pack(vectors):
    for dtype in ALL:
        for axis in (0, 1, -1):
            vectors.case(f"axis_{_signed(axis)}_{dtype}", axis=axis,
                         values=[vectors.draw((3, 2), dtype) for _ in range(3)])
    for axis in range(-4, 4):
        vectors.case(f"rank_3_axis_{_signed(axis)}", axis=axis,
                     values=[vectors.draw((2, 3, 4), "float32") for _ in range(2)])
    vectors.case("scalars", values=[np.int32(3), np.int32(-1), np.int32(4)])
    vectors.case("one", values=[vectors.draw((5,), "float32")])
    vectors.case("empty", values=[np.zeros((2, 0), np.float32)] * 3, axis=1)


def _unpack(vectors):
    for dtype in ALL:
        for axis in (0, 1, -1):
            vectors.case(f"axis_{_signed(axis)}_{dtype}", axis=axis, num=3,
                         value=vectors.draw((3, 3), dtype))
    for axis in range(-3, 3):
        vectors.case(f"rank_3_axis_{_signed(axis)}", axis=axis, num=(2, 3, 4)[axis],
                     value=vectors.draw((2, 3, 4), "float32"))
    vectors.case("vector", num=5, value=vectors.draw((5,), "float32"))
    vectors.case("one", num=1, value=vectors.draw((1, 4), "float32"))
    vectors.case("none", num=0, value=np.zeros((0, 4), np.float32))
    vectors.case("empty", num=2, value=np.zeros((2, 0), np.float32))


def _tile(vectors):
    rows = (("vector", (3,), [4]), ("once", (2, 3), [1, 1]), ("rows", (2, 3), [3, 1]),
            ("columns", (2, 3), [1, 3]), ("both", (2, 3), [2, 2]), ("middle", (2, 3, 2), [1, 3, 1]),
            ("rank_4", (2, 1, 3, 2), [2, 3, 1, 2]), ("rank_5", (1, 2, 1, 2, 1), [2, 1, 3, 1, 2]),
            ("scalar", (), []), ("zero_times", (2, 3), [0, 2]), ("empty", (0, 3), [2, 2]))
    for name, shape, multiples in rows:
        for dtype in ("int32", "int64"):
            vectors.case(f"{name}_{dtype}_multiples", input=vectors.draw(shape, "float32"),
                         multiples=np.asarray(multiples, dtype))
    for dtype in ALL:
        vectors.case(f"of_{dtype}", input=vectors.draw((2, 3), dtype), multiples=np.int32([2, 3]))


def _pad(vectors):
    rows = (("vector", (5,), [[2, 3]]), ("none", (2, 3), [[0, 0], [0, 0]]),
            ("before", (2, 3), [[1, 0], [2, 0]]), ("after", (2, 3), [[0, 2], [0, 1]]),
            ("both", (2, 3), [[1, 2], [3, 1]]), ("middle", (2, 3, 2), [[0, 0], [1, 1], [0, 0]]),
            ("spatial", (2, 3, 4, 2), [[0, 0], [1, 2], [2, 1], [0, 0]]),
            ("rank_5", (1, 2, 1, 2, 1), [[1, 0], [0, 1], [0, 0], [1, 1], [0, 2]]),
            ("empty", (0, 3), [[1, 1], [0, 2]]), ("stays_empty", (0, 3), [[0, 0], [1, 1]]),
            ("scalar", (), np.zeros((0, 2))))
    for name, shape, paddings in rows:
        for dtype in ("int32", "int64"):
            vectors.case(f"{name}_{dtype}_paddings", input=vectors.draw(shape, "float32"),
                         paddings=np.asarray(paddings, dtype))
    for dtype in ALL:
        vectors.case(f"of_{dtype}", input=vectors.draw((2, 3), dtype),
                     paddings=np.int32([[1, 0], [2, 1]]))


def _split(equal, sized):
    rows = (((6,), 0, 3), ((4, 6), -1, 2), ((4, 6), 0, 2), ((2, 3, 4), 1, 3), ((2, 5, 4, 6), 3, 2),
            ((3, 4), 1, 1), ((0, 4), 1, 2), ((2, 0), 1, 3))
    for shape, axis, count in rows:
        name = f"{'x'.join(map(str, shape))}_axis_{axis}_by_{count}".replace("-", "minus_")
        equal.case(name, split_dim=np.int32(axis), value=equal.draw(shape, "float32"),
                   num_split=count)
    for dtype in ALL:
        equal.case(f"of_{dtype}", split_dim=np.int32(1), value=equal.draw((3, 4), dtype),
                   num_split=2)
    rows = (((6,), [1, 3, 2], 0), ((4, 6), [2, -1], -1), ((4, 6), [4], 0), ((2, 5, 3), [0, 5], 1),
            ((2, 3, 4, 5), [1, -1, 2], 3), ((0, 4), [1, 3], 1))
    for dtype in ("int32", "int64"):
        for shape, sizes, axis in rows:
            name = f"{'x'.join(map(str, shape))}_axis_{axis}_by_{'_'.join(map(str, sizes))}_{dtype}"
            sized.case(name.replace("-", "minus_"), value=sized.draw(shape, "float32"),
                       size_splits=np.asarray(sizes, dtype), split_dim=np.int32(axis),
                       num_split=len(sizes))
    for dtype in ALL:
        sized.case(f"of_{dtype}", value=sized.draw((3, 4), dtype), size_splits=np.int64([1, 3]),
                   split_dim=np.int32(1), num_split=2)


def _identity_n(vectors):
    vectors.case("one", input=[vectors.draw((3,), "float32")])
    vectors.case("types", input=[vectors.draw((2, 3), "float32"), vectors.draw((), "int64"),
                                 vectors.draw((4,), "bool")])
