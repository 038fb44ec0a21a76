"""What a training graph of `sluice export --training` says of its optimiser and its loss."""
from .protos import make_ndarray, make_tensor_proto


def tensor_name(name):
    return name if ":" in name else name + ":0"


def nodes_of(graph_def):
    return {node.name: node for node in graph_def.node}


def set_rate(graph_def, rate):
    nodes = nodes_of(graph_def)
    node = nodes["learning_rate"]
    source = nodes[node.input[0].partition(":")[0]] if node.op == "PlaceholderWithDefault" else node
    source.attr["value"].tensor.CopyFrom(make_tensor_proto(rate))


def optimizer(graph_def):
    """{"rate", "momentum", "nesterov", "decay": {variable: …}}, as the graph's updates have them."""
    nodes = nodes_of(graph_def)

    def number(name):
        node = nodes[name.partition(":")[0]]
        while node.op != "Const":
            node = nodes[node.input[0].partition(":")[0]]
        return float(make_ndarray(node.attr["value"].tensor))

    found = {"decay": {}}
    for node in graph_def.node:
        if not node.op.startswith("ResourceApply"):
            continue
        if node.op != "ResourceApplyMomentum":
            raise NotImplementedError(f"{node.name}: {node.op}")
        variable, _, rate, gradient, momentum = node.input
        nesterov = "use_nesterov" in node.attr and node.attr["use_nesterov"].b
        found.update(rate=number(rate), momentum=number(momentum), nesterov=nesterov)
        gradient = nodes[gradient.partition(":")[0]]
        decays = gradient.name.startswith("train/") and gradient.op in ("Add", "AddV2")
        found["decay"][variable] = number(nodes[gradient.input[1]].input[1]) if decays else 0.0
    return found


def loss_of(graph_def):
    """The node of the loss that is minimised."""
    names = {node.name for node in graph_def.node}
    return "training/loss" if "training/loss" in names else "loss"


def logits_of(graph_def, loss):
    """The tensor whose cross-entropy `loss` is."""
    nodes = nodes_of(graph_def)
    node = nodes[loss]
    while node.op in ("Identity", "Mean"):
        node = nodes[node.input[0].partition(":")[0]]
    if node.op != "SparseSoftmaxCrossEntropyWithLogits":
        raise NotImplementedError(f"{loss}: {node.op}; only a plain cross-entropy can be compared")
    return node.input[0]
