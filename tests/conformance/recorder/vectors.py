"""The form of a recorded file, and the one way to add a case to it.

A file holds one GraphDef with many cases of one op. A case is a name scope:

  <case>/in0 ..        Const, the inputs in the order of the op's definition
  <case>/op            the node under test, all attributes written out
  <case>/expected0 ..  Const, what TensorFlow computed for op:0 ..

Every case runs in a graph and a session of its own, without graph optimisation, without oneDNN and
with one thread, so that the answer is that of TensorFlow's plain CPU kernel.
"""

import zlib

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2, rewriter_config_pb2
from tensorflow.python.framework import op_def_library, op_def_registry

FLOATS = ("float32", "float64")
INTS = ("int32", "int64", "uint8")
NUMBERS = FLOATS + INTS
ALL = NUMBERS + ("bool",)


def session_config():
    """One thread, and the graph runs as it is written."""
    config = config_pb2.ConfigProto(
        intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    options = config.graph_options
    options.optimizer_options.opt_level = config_pb2.OptimizerOptions.L0
    options.optimizer_options.do_constant_folding = False
    options.rewrite_options.disable_meta_optimizer = True
    options.rewrite_options.constant_folding = rewriter_config_pb2.RewriterConfig.OFF
    return config


def draw(rng, shape, dtype, low=None, high=None):
    """Random values: floats in [low, high) with default [-3, 3), integers likewise in [-20, 20),
    uint8 in [0, 40)."""
    dtype = np.dtype(dtype)
    if dtype == np.bool_:
        return rng.integers(0, 2, shape).astype(dtype)
    if dtype.kind == "f":
        return np.asarray(rng.uniform(-3 if low is None else low, 3 if high is None else high,
                                      shape)).astype(dtype)
    default_low, default_high = (0, 40) if dtype.kind == "u" else (-20, 20)
    return np.asarray(rng.integers(default_low if low is None else low,
                                   default_high if high is None else high, shape)).astype(dtype)


class OpVectors:
    """The cases of one op, in one GraphDef."""

    def __init__(self, op):
        self.op = op
        self.definition = op_def_registry.get(op)
        self.graph = tf.compat.v1.GraphDef()
        self.names = []
        self.without_kernel = {}  # dtypes of a refused case -> why
        self.rewritten = []  # cases that TensorFlow's CPU kernel refuses as they are written
        self.failures = []  # cases that TensorFlow refuses for another reason: ours to mend
        self.rng = np.random.default_rng(zlib.crc32(op.encode()))

    def draw(self, shape, dtype, low=None, high=None):
        return draw(self.rng, shape, dtype, low, high)

    def case(self, name, undefined=(), **arguments):
        """Adds a case. Inputs and attributes are given by their names in the op's definition. The
        outputs `undefined`, which TensorFlow leaves as they were in memory, are recorded as zeros.

        Returns TensorFlow's outputs, or None where TensorFlow has no CPU kernel for the dtypes; that
        is noted, and the file is left as it was.
        """
        graph = tf.Graph()
        with graph.as_default(), tf.device(None):
            inputs, attributes = self._split(arguments)
            try:
                outputs = self._build(name, inputs, attributes)
                values = self._run(graph, outputs)
            except (TypeError, ValueError, tf.errors.InvalidArgumentError,
                    tf.errors.NotFoundError, tf.errors.UnimplementedError) as error:
                self._note_missing_kernel(name, inputs, attributes, error)
                return None
            values = [np.zeros_like(value) if index in undefined else value
                      for index, value in enumerate(values)]
            self.expect(name, values)
        self._append(name, graph)
        return values

    def rewritten_case(self, name, expected, **arguments):
        """Adds a case that TensorFlow's CPU kernel refuses as it is written (NCHW, dilated or grouped
        gradients); the caller computed `expected` with TensorFlow by an equivalent graph."""
        graph = tf.Graph()
        with graph.as_default():
            inputs, attributes = self._split(arguments)
            outputs = self._build(name, inputs, attributes)
            for output, value in zip(outputs, expected):
                if not output.shape.is_compatible_with(value.shape):
                    raise ValueError(f"{self.op} {name}: {output.shape} is not {value.shape}")
            self.expect(name, expected)
        self._append(name, graph)
        self.rewritten.append(name)

    # What follows is for cases that do not fit the plain form (variables, random numbers).

    def append_graph(self, name, graph):
        """Adds the nodes of a graph that already has the form of a case."""
        self._append(name, graph)

    def _split(self, arguments):
        inputs = []
        for definition in self.definition.input_arg:
            if definition.name not in arguments:
                raise ValueError(f"{self.op} lacks the input {definition.name}")
            inputs.append((definition.name, arguments.pop(definition.name)))
        return inputs, arguments

    def _build(self, name, inputs, attributes):
        """Builds <case>/in* and <case>/op, and returns the op's outputs as a list."""
        with tf.name_scope(name):
            count = 0
            keywords = self._defaults() | attributes
            for key, value in inputs:
                values = value if isinstance(value, list) else [value]
                constants = []
                for item in values:
                    constants.append(tf.constant(np.asarray(item), name=f"in{count}"))
                    count += 1
                keywords[key] = constants if isinstance(value, list) else constants[0]
            op_def_library.apply_op(self.op, name="op", **keywords)
        op = tf.compat.v1.get_default_graph().get_operation_by_name(f"{name}/op")
        if op.type != self.op:
            raise ValueError(f"{name}/op is a {op.type}, not a {self.op}")
        return list(op.outputs)

    def _defaults(self):
        """The defaults of the attributes that do not follow from the inputs."""
        inferred = {name for definition in self.definition.input_arg for name in (
            definition.type_attr, definition.number_attr, definition.type_list_attr)}
        defaults = {}
        for attribute in self.definition.attr:
            if attribute.name in inferred or not attribute.HasField("default_value"):
                continue
            value = attribute.default_value
            kind = value.WhichOneof("value")
            if kind == "list":
                defaults[attribute.name] = list(value.list.i) or list(value.list.s)
            elif kind == "type":
                defaults[attribute.name] = tf.as_dtype(value.type)
            else:
                defaults[attribute.name] = getattr(value, kind)
        return defaults

    @staticmethod
    def _run(graph, outputs):
        with tf.compat.v1.Session(graph=graph, config=session_config()) as session:
            return session.run(outputs)

    @staticmethod
    def expect(name, values, prefix="expected"):
        with tf.name_scope(f"{name}/"):
            for index, value in enumerate(values):
                # As an object: NumPy's own strings lose zero bytes at their end.
                value = np.asarray(value, object) if isinstance(value, bytes) else np.asarray(value)
                tf.constant(value, name=f"{prefix}{index}")

    def _append(self, name, graph):
        if name in self.names:
            raise ValueError(f"{self.op} has two cases {name}")
        definition = graph.as_graph_def()
        for node in definition.node:
            if not node.name.startswith(f"{name}/"):
                raise ValueError(f"{self.op} {name}: stray node {node.name}")
        self.names.append(name)
        self.graph.node.extend(definition.node)
        self.graph.versions.CopyFrom(definition.versions)

    def _note_missing_kernel(self, name, inputs, attributes, error):
        text = str(error)
        reasons = {
            "No OpKernel was registered": "no CPU kernel",
            "not in list of allowed values": "not among the op's types",
            "not in the list of allowed values": "not among the op's types",
            "DataType int32 for attr": "not among the op's types",
        }
        for mark, reason in reasons.items():
            if mark in text:
                first = inputs[0][1] if inputs else None
                first = first[0] if isinstance(first, list) else first
                parts = [np.asarray(first).dtype.name] if first is not None else []
                parts += [f"{key}={value.name if isinstance(value, tf.DType) else value}"
                          for key, value in attributes.items()
                          if key in ("out_type", "DstT", "dtype", "output_type", "T",
                                     "data_format")]
                self.without_kernel[" ".join(parts)] = reason
                return
        self.failures.append(f"{self.op} {name}: {text.splitlines()[-1] or text}")


class Library:
    """All files of one recording."""

    def __init__(self):
        self.files = {}
        self.graphs = {}  # file names without ending -> whole GraphDefs that are no op's vectors

    def op(self, op):
        """The vectors of an op, made at the first call."""
        return self.files.setdefault(op, OpVectors(op))
