"""The lowered network as an ONNX file."""
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8


def write(network, path):
    def infos(tensors):
        return [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in tensors.items()]

    nodes = [helper.make_node(s.op, s.inputs, s.outputs, s.outputs[0], **s.attributes) for s in network.steps]
    weights = [numpy_helper.from_array(array, name) for name, array in network.weights.items()]
    graph = helper.make_graph(nodes, "network", infos(network.inputs), infos(network.outputs), weights)
    model = helper.make_model(graph, ir_version=IR_VERSION, opset_imports=[helper.make_opsetid("", OPSET)])
    onnx.checker.check_model(model)
    onnx.save(model, path)
