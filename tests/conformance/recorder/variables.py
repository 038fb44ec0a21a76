"""Ops on variables.

  <case>/var, init, assign, read   VarHandleOp, its first value, the op that assigns it, a read
  <case>/accum, accum_init ...     the same for the momentum's accumulator
  <case>/in0 ..                    Const, the other inputs of <case>/op in their order
  <case>/expected0                 the variable after one run of <case>/op, expected1 the accumulator
  <case>/second0, second1          the same after another run

A reader runs the assigns, then <case>/op, then the reads, each in a Run of its own.
"""

import numpy as np
import tensorflow as tf

from recorder.vectors import FLOATS, NUMBERS, session_config

SHAPES = ((), (5,), (3, 7), (2, 3, 2, 5), (1031,), (0, 3))


def record(library):
    for op in ("AssignVariableOp", "AssignAddVariableOp", "AssignSubVariableOp"):
        vectors = library.op(op)
        for dtype in NUMBERS:
            for shape in SHAPES if dtype == "float32" else SHAPES[:3]:
                _assign(vectors, f"{label(shape)}_{dtype}", shape, dtype)
    descent, momentum = library.op("ResourceApplyGradientDescent"), library.op(
        "ResourceApplyMomentum")
    for dtype in FLOATS:
        for shape in SHAPES if dtype == "float32" else SHAPES[:3]:
            case = f"{label(shape)}_{dtype}"
            _descent(descent, case, shape, dtype)
            for nesterov in (False, True):
                for rate, rest in ((.1, .9), (.01, 0.)) if shape == (3, 7) else ((.1, .9),):
                    name = f"{case}{'_nesterov' if nesterov else ''}_{rate}_{rest}"
                    _momentum(momentum, name, shape, dtype, rate, rest, nesterov)
    _momentum(momentum, "locking", (3,), "float32", .5, .5, False, use_locking=True)
    _is_initialized(library.op("VarIsInitializedOp"))
    _read(library.op("ReadVariableOp"))


def label(shape):
    return "x".join(map(str, shape)) or "scalar"


class Case:
    """A graph with variables, run twice."""

    def __init__(self, vectors, name):
        self.vectors, self.name = vectors, name
        self.graph = tf.Graph()
        self.variables = []
        self.inputs = 0

    def variable(self, label, value):
        """A VarHandleOp with its assign and its read."""
        prefix = "" if label == "var" else f"{label}_"
        handle = tf.raw_ops.VarHandleOp(dtype=value.dtype, shape=value.shape, container="",
                                        shared_name=f"{self.name}/{label}", name=label)
        first = tf.constant(value, name=f"{prefix}init")
        assign = tf.raw_ops.AssignVariableOp(resource=handle, value=first, name=f"{prefix}assign")
        read = tf.raw_ops.ReadVariableOp(resource=handle, dtype=value.dtype, name=f"{prefix}read")
        self.variables.append((assign, read))
        return handle

    def input(self, value):
        self.inputs += 1
        return tf.constant(value, name=f"in{self.inputs - 1}")

    def finish(self, op):
        with tf.compat.v1.Session(graph=self.graph, config=session_config()) as session:
            session.run([assign for assign, _ in self.variables])
            runs = []
            for _ in range(2):
                session.run(op)
                runs.append([session.run(read) for _, read in self.variables])
        with self.graph.as_default():
            self.vectors.expect(self.name, runs[0])
            self.vectors.expect(self.name, runs[1], "second")
        self.vectors.append_graph(self.name, self.graph)


def _assign(vectors, name, shape, dtype):
    case = Case(vectors, name)
    with case.graph.as_default(), tf.name_scope(name):
        handle = case.variable("var", vectors.draw(shape, dtype))
        value = case.input(vectors.draw(shape, dtype))
        op = getattr(tf.raw_ops, vectors.op)(resource=handle, value=value, name="op")
    case.finish(op)


def _descent(vectors, name, shape, dtype):
    case = Case(vectors, name)
    with case.graph.as_default(), tf.name_scope(name):
        handle = case.variable("var", vectors.draw(shape, dtype))
        rate = case.input(np.asarray(.3, dtype))
        delta = case.input(vectors.draw(shape, dtype))
        op = tf.raw_ops.ResourceApplyGradientDescent(var=handle, alpha=rate, delta=delta, name="op")
    case.finish(op)


def _momentum(vectors, name, shape, dtype, rate, rest, nesterov, use_locking=False):
    case = Case(vectors, name)
    with case.graph.as_default(), tf.name_scope(name):
        handle = case.variable("var", vectors.draw(shape, dtype))
        accumulator = case.variable("accum", vectors.draw(shape, dtype))
        rate = case.input(np.asarray(rate, dtype))
        gradient = case.input(vectors.draw(shape, dtype))
        rest = case.input(np.asarray(rest, dtype))
        op = tf.raw_ops.ResourceApplyMomentum(
            var=handle, accum=accumulator, lr=rate, grad=gradient, momentum=rest,
            use_locking=use_locking, use_nesterov=nesterov, name="op")
    case.finish(op)


def _is_initialized(vectors):
    """expected0 is the answer before the assign, second0 the one after it."""
    for dtype in NUMBERS:
        name = f"vector_{dtype}"
        graph = tf.Graph()
        with graph.as_default():
            with tf.name_scope(name):
                value = vectors.draw((3,), dtype)
                handle = tf.raw_ops.VarHandleOp(dtype=value.dtype, shape=value.shape,
                                                shared_name=f"{name}/var", name="var")
                first = tf.constant(value, name="init")
                assign = tf.raw_ops.AssignVariableOp(resource=handle, value=first, name="assign")
                answer = tf.raw_ops.VarIsInitializedOp(resource=handle, name="op")
            with tf.compat.v1.Session(graph=graph, config=session_config()) as session:
                before = session.run(answer)
                session.run(assign)
                after = session.run(answer)
            vectors.expect(name, [before])
            vectors.expect(name, [after], "second")
        vectors.append_graph(name, graph)


def _read(vectors):
    for dtype in NUMBERS + ("bool",):
        for shape in ((), (3, 5), (0, 2)):
            name = f"{label(shape)}_{dtype}"
            graph = tf.Graph()
            with graph.as_default():
                with tf.name_scope(name):
                    value = vectors.draw(shape, dtype)
                    handle = tf.raw_ops.VarHandleOp(dtype=value.dtype, shape=value.shape,
                                                    shared_name=f"{name}/var", name="var")
                    first = tf.constant(value, name="init")
                    assign = tf.raw_ops.AssignVariableOp(resource=handle, value=first,
                                                         name="assign")
                    read = tf.raw_ops.ReadVariableOp(resource=handle, dtype=value.dtype, name="op")
                with tf.compat.v1.Session(graph=graph, config=session_config()) as session:
                    session.run(assign)
                    result = session.run(read)
                vectors.expect(name, [result])
            vectors.append_graph(name, graph)
