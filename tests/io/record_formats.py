#!/usr/bin/env python3
"""Writes tests/io/recorded: .npy files by NumPy, PNG and JPEG files with what TensorFlow makes of them, a checkpoint,
TFRecords, resized pictures.

  record_formats.py          writes everything anew (needs NumPy, TensorFlow and Pillow)
  record_formats.py --check  compares the files with the manifest; needs Python alone

npy/NAME.npy     arrays in every form that NumPy writes. The element at position i (row-major) of each is i % 7 - 3,
                 or i % 7 where the type has no sign, i % 3 == 0 for bool, (i % 7 - 3) + 2j for complex.
png/NAME.png     pictures of every colour type and bit depth, some interlaced.
png/NAME.C.npy   what tf.io.decode_png(..., channels=C) gives for it; 0 is "as in the file".
checkpoint/partitioned.*
                 what the checkpoints of tests/proto/record_wire.py lack: `embedding`, float [6, 2], saved in three
                 slices of two rows, beside `whole`, float [2]
jpeg/NAME.jpg    pictures of odd sizes: grey, RGB with full and with halved colours, progressive, with restart markers,
                 CMYK (Adobe's, inverted), with a colour profile
jpeg/NAME.CrD.npy
                 what tf.io.decode_jpeg(..., channels=C, ratio=D) gives for it; NAME.accurate.npy for 3 channels with
                 dct_method="INTEGER_ACCURATE"
tfrecord/examples.tfrecord, examples.gz
                 TensorFlow's own writer: seven records, number i a tf.train.Example with `bytes` (i times "x"), `label`
                 (1000 i - 3000), `ints` (0 … i - 1, each times -2^40), `floats` (0 … i - 1, each / 4)
resize/picture.npy, resize/METHOD_HxW.npy
                 tf.image.resize of a uint8 picture; METHOD is bilinear, antialias (bilinear with antialias=True) or area
"""

import argparse
import hashlib
import json
import os
import pathlib
import shutil
import struct
import sys
import zlib

HERE = pathlib.Path(__file__).resolve().parent
RECORDED = HERE / "recorded"
MANIFEST = RECORDED / "manifest.json"


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def written():
    return {p.relative_to(RECORDED).as_posix(): p for p in RECORDED.rglob("*") if p.is_file() and p != MANIFEST}


def check():
    manifest = json.loads(MANIFEST.read_text())
    now = {name: sha256(path) for name, path in written().items()}
    complaints = [f"{name} differs" for name in sorted(now.keys() | manifest["files"].keys())
                  if now.get(name) != manifest["files"].get(name)]
    if sha256(HERE / "record_formats.py") != manifest["script_sha256"]:
        complaints.append("record_formats.py differs from the manifest: record again")
    return complaints


def arrays(np):
    """Name, array, version of the format."""

    def values(dtype, shape):
        i = np.arange(int(np.prod(shape))).reshape(shape)
        kind = np.dtype(dtype).kind
        data = {"b": i % 3 == 0, "u": i % 7, "c": (i % 7 - 3) + 2j}.get(kind, i % 7 - 3)
        return np.asarray(data).astype(dtype)

    for name in ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32",
                 "uint64", "bool", "complex64", "complex128"):
        yield name, values(name, (2, 3)), (1, 0)
    for name in (">f4", ">f8", ">i2", ">i8", ">c8"):
        yield f"big_endian_{name[1:]}", values(name, (3, 5)), (1, 0)
    yield "fortran", np.asfortranarray(values("float32", (2, 3, 4))), (1, 0)
    yield "fortran_big_endian", np.asfortranarray(values(">i4", (3, 1, 2))), (1, 0)
    yield "scalar", values("float32", ()), (1, 0)
    yield "vector", values("int32", (5,)), (1, 0)
    yield "empty", values("float32", (0, 3)), (1, 0)
    yield "version_2", values("float32", (2, 2)), (2, 0)
    yield "version_3", values("float32", (2, 2)), (3, 0)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pack_row(samples, depth):
    if depth == 16:
        return struct.pack(f">{len(samples)}H", *samples)
    bits = "".join(format(s, f"0{depth}b") for s in samples)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i:i + 8], 2) for i in range(0, len(bits), 8))


ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def png(picture, color_type, depth, interlaced=False, palette=b"", transparency=b""):
    """picture: [height][width][channels] of samples."""
    height, width = len(picture), len(picture[0])
    data = b""
    for x0, y0, dx, dy in ADAM7 if interlaced else ((0, 0, 1, 1),):
        for row in picture[y0::dy]:
            samples = [s for pixel in row[x0::dx] for s in pixel]
            if samples:
                data += b"\0" + pack_row(samples, depth)
    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color_type, 0, 0,
                                                             int(interlaced)))
    if palette:
        out += chunk(b"PLTE", palette)
    if transparency:
        out += chunk(b"tRNS", transparency)
    return out + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


def pictures(rng):
    """Name, file."""

    def random(height, width, channels, depth):
        return rng.integers(0, 2**depth, (height, width, channels)).tolist()

    for name, color_type, channels, depths in (("grey", 0, 1, (1, 2, 4, 8, 16)), ("rgb", 2, 3, (8, 16)),
                                               ("grey_alpha", 4, 2, (8, 16)), ("rgba", 6, 4, (8, 16))):
        for depth in depths:
            yield f"{name}_{depth}", png(random(5, 7, channels, depth), color_type, depth)
    palette = bytes(rng.integers(0, 256, 3 * 16).tolist())
    yield "palette_4", png(random(5, 7, 1, 4), 3, 4, palette=palette)
    yield "palette_8_transparent", png(random(5, 7, 1, 4), 3, 8, palette=palette, transparency=bytes(range(0, 160, 10)))
    yield "palette_2_interlaced", png(random(9, 11, 1, 2), 3, 2, True, palette=palette)
    yield "rgb_8_transparent", png(random(5, 7, 3, 1), 2, 8, transparency=struct.pack(">HHH", 1, 0, 1))
    yield "rgb_8_interlaced", png(random(9, 11, 3, 8), 2, 8, True)
    yield "grey_1_interlaced", png(random(3, 2, 1, 1), 0, 1, True)
    yield "one_pixel", png(random(1, 1, 4, 16), 6, 16)


def jpegs(rng):
    """Name, file, whether TensorFlow decodes it to grey too."""
    import io
    import numpy as np
    from PIL import Image

    y, x = np.mgrid[0:37, 0:53]
    smooth = np.stack([128 + 100 * np.sin(x / 9), 128 + 90 * np.cos(y / 7), 4 * x], -1)
    rgb = np.clip(smooth + rng.normal(0, 12, smooth.shape), 0, 255).astype(np.uint8)

    def save(picture, **options):
        out = io.BytesIO()
        picture.save(out, "JPEG", **options)
        return out.getvalue()

    picture = Image.fromarray(rgb)
    yield "rgb_420", save(picture, quality=90), True
    yield "rgb_444", save(picture, quality=95, subsampling=0), True
    yield "rgb_422", save(picture, quality=80, subsampling=1), True
    yield "progressive", save(picture, quality=85, progressive=True), True
    yield "restarts", save(picture, quality=85, restart_marker_blocks=3), True
    yield "grey", save(picture.convert("L"), quality=90), True
    yield "cmyk", save(picture.convert("CMYK"), quality=90), False
    yield "profile", save(picture.resize((16, 16)), quality=90, icc_profile=bytes(range(256)) * 3), True
    yield "one_pixel", save(picture.resize((1, 1))), True


def record_jpegs(np, tf, rng):
    (RECORDED / "jpeg").mkdir()
    for name, file, has_grey in jpegs(rng):
        (RECORDED / "jpeg" / f"{name}.jpg").write_bytes(file)
        accurate = tf.io.decode_jpeg(file, 3, dct_method="INTEGER_ACCURATE").numpy()
        np.save(RECORDED / "jpeg" / f"{name}.accurate.npy", accurate)
        for channels in (0, 1, 3):
            for ratio in (1, 2, 4, 8):
                if channels != 1 or has_grey:
                    pixels = tf.io.decode_jpeg(file, channels, ratio).numpy()
                    if channels == 3 or ratio == 1:
                        np.save(RECORDED / "jpeg" / f"{name}.{channels}r{ratio}.npy", pixels)


def record_tf_records(tf):
    (RECORDED / "tfrecord").mkdir()
    for name, compression in (("examples.tfrecord", ""), ("examples.gz", "GZIP")):
        with tf.io.TFRecordWriter(str(RECORDED / "tfrecord" / name), compression) as writer:
            for i in range(7):
                features = {
                    "bytes": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"x" * i])),
                    "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[1000 * i - 3000])),
                    "ints": tf.train.Feature(int64_list=tf.train.Int64List(value=[-j << 40 for j in range(i)])),
                    "floats": tf.train.Feature(float_list=tf.train.FloatList(value=[j / 4 for j in range(i)])),
                }
                example = tf.train.Example(features=tf.train.Features(feature=features))
                writer.write(example.SerializeToString(deterministic=True))


def record_resized(np, tf, rng):
    (RECORDED / "resize").mkdir()
    picture = rng.integers(0, 256, (9, 13, 3), dtype=np.uint8)
    np.save(RECORDED / "resize" / "picture.npy", picture)
    for height, width in ((4, 6), (9, 13), (17, 30), (3, 20), (1, 1)):
        for method, options in (("bilinear", {}), ("antialias", {"antialias": True}), ("area", {})):
            kind = "area" if method == "area" else "bilinear"
            pixels = tf.image.resize(picture, (height, width), kind, **options).numpy()
            np.save(RECORDED / "resize" / f"{method}_{height}x{width}.npy", pixels)


def record():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import numpy as np
    import tensorflow as tf

    shutil.rmtree(RECORDED, ignore_errors=True)
    (RECORDED / "npy").mkdir(parents=True)
    (RECORDED / "png").mkdir()
    for name, array, version in arrays(np):
        with open(RECORDED / "npy" / f"{name}.npy", "wb") as f:
            np.lib.format.write_array(f, array, version)
    for name, file in pictures(np.random.default_rng(3)):
        (RECORDED / "png" / f"{name}.png").write_bytes(file)
        for channels in (0, 1, 2, 3, 4):
            try:
                np.save(RECORDED / "png" / f"{name}.{channels}.npy", tf.io.decode_png(file, channels).numpy())
            except tf.errors.InvalidArgumentError:  # 2 channels: TensorFlow makes them of no file
                pass
    (RECORDED / "checkpoint").mkdir()
    embedding = tf.reshape(tf.range(12, dtype=tf.float32), (6, 2))
    tf.raw_ops.SaveV2(
        prefix=str(RECORDED / "checkpoint/partitioned"),
        tensor_names=["embedding"] * 3 + ["whole"],
        shape_and_slices=[f"6 2 {start},2:0,2" for start in (0, 2, 4)] + [""],
        tensors=[embedding[start:start + 2] for start in (0, 2, 4)] + [tf.constant([1., 2.])])
    rng = np.random.default_rng(5)
    record_jpegs(np, tf, rng)
    record_tf_records(tf)
    record_resized(np, tf, rng)
    MANIFEST.write_text(json.dumps({
        "numpy": np.__version__,
        "tensorflow": tf.__version__,
        "script_sha256": sha256(HERE / "record_formats.py"),
        "files": {name: sha256(path) for name, path in sorted(written().items())},
    }, indent=1) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    if not parser.parse_args().check:
        record()
        return 0
    complaints = check()
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
