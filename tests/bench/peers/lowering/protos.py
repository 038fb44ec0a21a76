"""GraphDefs and their tensors: TensorFlow's classes, or TensorBoard's where TensorFlow is not installed."""
try:
    from tensorflow.core.framework import graph_pb2, types_pb2
    from tensorflow.python.framework.tensor_util import MakeNdarray as make_ndarray
    from tensorflow.python.framework.tensor_util import make_tensor_proto
except ImportError:
    from tensorboard.compat.proto import graph_pb2, types_pb2
    from tensorboard.util.tensor_util import make_ndarray, make_tensor_proto

__all__ = ["graph_pb2", "make_ndarray", "make_tensor_proto", "read_graph", "types_pb2", "write_graph"]


def read_graph(path):
    graph_def = graph_pb2.GraphDef()
    with open(path, "rb") as file:
        graph_def.ParseFromString(file.read())
    return graph_def


def write_graph(graph_def, path):
    with open(path, "wb") as file:
        file.write(graph_def.SerializeToString())
