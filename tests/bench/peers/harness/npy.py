"""Reads arrays of floats without NumPy, which would make this process larger than some that it measures."""
import ast
import math
import struct


def read_floats(path):
    """The elements of a version 1 .npy file of little-endian float32, as a list."""
    with open(path, "rb") as file:
        magic, length = file.read(8), struct.unpack("<H", file.read(2))[0]
        header = ast.literal_eval(file.read(length).decode("latin1"))
        if magic[:7] != b"\x93NUMPY\x01" or header["descr"] != "<f4":
            raise ValueError(f"{path}: expected floats in a .npy file of version 1")
        count = math.prod(header["shape"])
        return list(struct.unpack(f"<{count}f", file.read(4 * count)))
