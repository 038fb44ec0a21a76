"""The modules that record, in one list."""

from recorder import (broadcasting, constants, conv, depthwise_conv, elementwise, lenet, losses,
                      matmul, normalization, optimizers, pool, random_numbers, reduction, selection,
                      shapes, slicing, summaries, top_k, variables)

FAMILIES = (constants, elementwise, broadcasting, selection, shapes, slicing, reduction, matmul,
            conv, depthwise_conv, pool, normalization, losses, random_numbers, variables,
            optimizers, top_k, summaries, lenet)
