"""Updates of variables by optimisers, in the form of variables.py; further variables have their names as prefixes."""

import numpy as np
import tensorflow as tf

from recorder.variables import SHAPES, Case, label
from recorder.vectors import FLOATS

# op -> its variables after var, with the lowest and highest first value; its scalars; the attribute that varies, with a value that is not its default
RATE = ("lr", .1)
OPS = {
    "ResourceApplyKerasMomentum": ({"accum": (-3, 3)}, (RATE, ("momentum", .9)), ("use_nesterov", True)),
    "ResourceApplyAdam": ({"m": (-3, 3), "v": (0, 3)},
                          (("beta1_power", .9), ("beta2_power", .999), RATE, ("beta1", .9),
                           ("beta2", .999), ("epsilon", 1e-7)), ("use_nesterov", True)),
    "ResourceApplyRMSProp": ({"ms": (0, 3), "mom": (-1, 1)},
                             (RATE, ("rho", .9), ("momentum", .8), ("epsilon", 1e-7)), ()),
    # The mean's square is below the square's mean.
    "ResourceApplyCenteredRMSProp": ({"mg": (-1, 1), "ms": (1.5, 3), "mom": (-1, 1)},
                                     (RATE, ("rho", .9), ("momentum", .8), ("epsilon", 1e-7)), ()),
    "ResourceApplyAdagrad": ({"accum": (.1, 3)}, (RATE,), ("update_slots", False)),
    "ResourceApplyAdagradV2": ({"accum": (.1, 3)}, (RATE, ("epsilon", 1e-7)), ("update_slots", False)),
}


def record(library):
    for op, (slots, scalars, flag) in OPS.items():
        vectors = library.op(op)
        for dtype in FLOATS:
            for shape in SHAPES if dtype == "float32" else SHAPES[:3]:
                _update(vectors, f"{label(shape)}_{dtype}", shape, dtype, slots, scalars, {})
                if flag:
                    _update(vectors, f"{label(shape)}_{dtype}_{flag[0]}", shape, dtype, slots, scalars,
                            dict([flag]))
        _update(vectors, "locking", (3,), "float32", slots, scalars, {"use_locking": True})


def _update(vectors, name, shape, dtype, slots, scalars, attributes):
    case = Case(vectors, name)
    with case.graph.as_default(), tf.name_scope(name):
        arguments = {"var": case.variable("var", vectors.draw(shape, dtype))}
        for slot, (low, high) in slots.items():
            arguments[slot] = case.variable(slot, vectors.draw(shape, dtype, low, high))
        values = dict(scalars)
        for definition in vectors.definition.input_arg:
            if definition.name == "grad":
                arguments["grad"] = case.input(vectors.draw(shape, dtype, -1, 1))
            elif definition.name in values:
                arguments[definition.name] = case.input(np.asarray(values[definition.name], dtype))
        op = getattr(tf.raw_ops, vectors.op)(name="op", **arguments, **attributes)
    case.finish(op)
