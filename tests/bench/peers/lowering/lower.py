"""Walks a GraphDef from its input to a fetched tensor; what each op becomes is in ops.py."""
import copy
import dataclasses
import re

import numpy as np

from .folds import drop_unused_weights, fold_biases, fold_instance_norms
from .network import Network, Step

HANDLERS = {}
AXES = (0, 2, 3, 1)  # of a lowered picture, in the order of the graph


@dataclasses.dataclass
class Value:
    """A tensor of the GraphDef: an array as the graph has it, or a tensor of the lowered network."""

    constant: np.ndarray = None
    variable: str = ""  # whose first value `constant` is
    name: str = ""
    shape: tuple = ()  # in the lowered order
    dropout: float = None  # of random numbers, and what is made of them: the share of elements that is dropped
    flattened: tuple = None  # (C, H, W) of pictures that have become rows; the graph's rows are (H, W, C)


def lowers(*ops):
    """Registers `handler(lowering, node, inputs)`, which returns a Value or a list of them."""

    def register(handler):
        HANDLERS.update({op: handler for op in ops})
        return handler

    return register


class Lowering:
    def __init__(self, graph_def, variables):
        self.network = Network()
        self.variables = variables
        self.nodes = {node.name: node for node in graph_def.node}
        self.readers = {}
        for node in graph_def.node:
            for name in node.input:
                self.readers[tensor(name)] = self.readers.get(tensor(name), 0) + 1
        self.values = {}
        self.producers = {}  # the step of each lowered tensor

    def order(self, fetch):
        """The nodes that `fetch` needs, each after those that it reads."""
        done, stack = {}, [tensor(fetch)[0]]
        while stack:
            name = stack[-1]
            reads = [tensor(i)[0] for i in self.nodes[name].input if not i.startswith("^")]
            waits = [] if self.nodes[name].op == "Placeholder" else [r for r in reads if r not in done]
            if waits:
                stack.extend(waits)
            else:
                stack.pop()
                done[name] = True
        return [self.nodes[name] for name in done]

    def run(self, node):
        if node.op not in HANDLERS:
            raise NotImplementedError(f"{node.name}: no rule for {node.op}")
        reads = [self.values[tensor(i)] for i in node.input if not i.startswith("^")]
        values = HANDLERS[node.op](self, node, reads)
        for index, value in enumerate(values if isinstance(values, list) else [values]):
            self.values[node.name, index] = value

    def emit(self, op, node, inputs, shape, flattened=None, **attributes):
        """Adds a step with one output; `inputs` are Values or names of weights."""
        return self.emit_all(op, node, inputs, [shape], flattened, **attributes)[0]

    def emit_all(self, op, node, inputs, shapes, flattened=None, **attributes):
        names = [i if isinstance(i, str) else self.name_of(i) for i in inputs]
        base = self.unique(node.name)
        outputs = [base if len(shapes) == 1 else f"{base}_{i}" for i in range(len(shapes))]
        step = Step(op, names, outputs, attributes)
        self.network.steps.append(step)
        for output in outputs:
            self.producers[output] = step
        return [Value(name=o, shape=tuple(s), flattened=flattened) for o, s in zip(outputs, shapes)]

    def weight(self, name, array, variable=""):
        name = self.unique(name)
        self.network.weights[name] = np.ascontiguousarray(array)
        if variable:
            self.network.variables[name] = variable
        return name

    def name_of(self, value):
        return value.name if value.constant is None else self.weight("constant", value.constant, value.variable)

    def unique(self, name):
        name = re.sub(r"\W", "_", name)
        taken = self.producers.keys() | self.network.weights.keys() | self.network.inputs.keys()
        candidate, number = name, 1
        while candidate in taken:
            candidate, number = f"{name}_{number}", number + 1
        return candidate


def tensor(name):
    """("node", 1) of "node:1"."""
    node, _, index = name.partition(":")
    return node, int(index or 0)


def lower(graph_def, fetch, batch, variables=None):
    """The network from the placeholders to `fetch`, for a fixed batch. `variables` has their first values by name."""
    from . import constants, ops, pictures  # noqa: F401 (they register their rules)

    lowering = Lowering(copy.deepcopy(graph_def), variables or {})  # reading an attribute that is not there adds it
    lowering.batch = batch
    for node in lowering.order(fetch):
        lowering.run(node)
    result = lowering.values[tensor(fetch)]
    lowering.network.outputs[result.name] = result.shape
    fold_instance_norms(lowering.network)
    fold_biases(lowering.network)
    drop_unused_weights(lowering.network)
    return lowering.network
