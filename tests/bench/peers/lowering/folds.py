"""What several steps of a GraphDef are one operator of ONNX for: any exporter of such a network would write that."""
import dataclasses

from .network import Step


def uses(network):
    """({tensor: the step that makes it}, {tensor: the steps that read it})."""
    producers = {name: step for step in network.steps for name in step.outputs}
    readers = {name: [step for step in network.steps if name in step.inputs] for name in producers}
    return producers, readers


def fold_biases(network):
    """Additions of a constant to each channel become the bias of the convolution or product that they follow."""
    producers, readers = uses(network)
    for step in [s for s in network.steps if s.op == "Add"]:
        value, added = step.inputs
        source, bias = producers.get(value), network.weights.get(added)
        if source is None or bias is None or source.op not in ("Conv", "ConvTranspose", "Gemm"):
            continue
        if len(source.inputs) > 2 or len(readers[value]) > 1 or value in network.outputs:
            continue
        channels = network.weights[source.inputs[1]].shape[1 if source.op == "ConvTranspose" else 0]
        if bias.size != channels or max(bias.shape) != channels:
            continue
        network.weights[added] = bias.reshape(-1)
        source.inputs.append(added)
        source.outputs = step.outputs
        producers[step.outputs[0]] = source
        network.steps.remove(step)


def fold_instance_norms(network):
    """(x - mean) * (rsqrt(variance + epsilon) * gamma) + beta over each channel's pixels."""
    producers, readers = uses(network)
    for reciprocal in [s for s in network.steps if s.op == "Reciprocal"]:
        chain = [reciprocal]  # from there back to the mean
        for op in ("Sqrt", "Add", "GlobalAveragePool", "Mul", "Sub"):
            chain.append(producers.get(chain[-1].inputs[0]))
            if chain[-1] is None or chain[-1].op != op:
                break
        else:
            mean = producers.get(chain[-1].inputs[1])
            after = chain[0]
            for op in ("Mul", "Mul", "Add"):  # and on to the sum with beta
                following = readers[after.outputs[0]]
                if len(following) != 1 or following[0].op != op:
                    break
                after = following[0]
                chain.append(after)
            else:
                replace_instance_norm(network, chain, mean)


def replace_instance_norm(network, chain, mean):
    reciprocal, root, shifted, variance, square, centred, factor, product, result = chain
    gamma, beta = (next((i for i in step.inputs if i in network.weights), None) for step in (factor, result))
    epsilon = network.weights.get(shifted.inputs[1])
    whole = mean is not None and mean.op == "GlobalAveragePool" and mean.inputs[0] == centred.inputs[0]
    if not whole or square.inputs != centred.outputs * 2 or centred.outputs[0] not in product.inputs:
        return
    if gamma is None or beta is None or epsilon is None or epsilon.size != 1:
        return
    for name in (gamma, beta):
        network.weights[name] = network.weights[name].reshape(-1)
    position = network.steps.index(result)
    network.steps[position] = Step("InstanceNormalization", [centred.inputs[0], gamma, beta], result.outputs,
                                   {"epsilon": float(epsilon.reshape(-1)[0])})
    gone = [mean, *chain[:-1]]
    network.steps = [step for step in network.steps if not any(step is other for other in gone)]


def drop_unused_weights(network):
    read = {name for step in network.steps for name in step.inputs}
    network.weights = {name: array for name, array in network.weights.items() if name in read}


def with_pools_for_slices(network):
    """The network with every n-th pixel taken by a 1x1 pool rather than a slice: ncnn slices without steps."""
    steps, weights = [], network.weights
    for step in network.steps:
        if step.op == "Slice" and len(step.inputs) == 5:
            starts, _, axes, strides = (weights[name].tolist() for name in step.inputs[1:])
            if axes == [2, 3] and starts == [0, 0]:
                step = Step("MaxPool", step.inputs[:1], step.outputs,
                            {"kernel_shape": [1, 1], "strides": strides, "pads": [0] * 4})
        steps.append(step)
    return dataclasses.replace(network, steps=steps)
