"""Gives every runtime the same network in its own format. Run by compare_inference.py, in the environment.

    prepare.py GRAPH FOLDER --fetch logits --batch 8

GRAPH is a frozen GraphDef with one placeholder. Writes FOLDER/graph.pb, which is GRAPH with random weights, and into
FOLDER/batch8 pictures, the files of the runtimes, and problems.json: what could not be converted, and why.
"""
import argparse
import json
import os
import subprocess
import sys
import traceback

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np  # noqa: E402

from lowering import lower, onnx_file  # noqa: E402
from lowering.protos import read_graph, write_graph  # noqa: E402
from lowering.random_weights import randomize  # noqa: E402


def fix_shape(graph_def, shape):
    """Gives the placeholder the sizes that it leaves open, other than the batch."""
    for node in graph_def.node:
        if node.op == "Placeholder":
            for dim, size in zip(node.attr["shape"].shape.dim[1:], shape):
                dim.size = size


def write_pictures(shape, folder):
    """Two files with the same pictures, channels last and second."""
    pictures = np.random.default_rng(7).random(shape, np.float32)
    np.save(os.path.join(folder, "nchw.npy"), pictures)
    np.save(os.path.join(folder, "nhwc.npy"), np.ascontiguousarray(pictures.transpose(0, 2, 3, 1)))


def to_torch(network, folder, name="model.pt"):
    import torch

    from lowering.torch_module import LoweredModule

    module = LoweredModule(network).eval()
    example = torch.zeros(next(iter(network.inputs.values())))
    with torch.no_grad():
        torch.jit.save(torch.jit.trace(module, example, check_trace=False), os.path.join(folder, name))


def to_mnn(network, folder):
    # Not through the command mnnconvert: its wrapper installs packages and reports to a server.
    files = [os.path.join(folder, name) for name in ("model.onnx", "model.mnn")]
    code = ("import sys, _tools; _tools.mnnconvert(['mnnconvert', '-f', 'ONNX', '--modelFile', sys.argv[1], "
            "'--MNNModel', sys.argv[2], '--bizCode', 'sluice', '--optimizeLevel', '1'])")
    run([sys.executable, "-c", code, *files], files[1])


def to_ncnn(network, folder):
    """Through pnnx, from ONNX, or from TorchScript where ncnn lacks what it makes of that."""
    import pnnx

    from lowering.folds import with_pools_for_slices

    network = with_pools_for_slices(network)
    dims = str(list(next(iter(network.inputs.values())))).replace(" ", "")
    sources = {"source.onnx": lambda path: onnx_file.write(network, path),
               "source.pt": lambda path: to_torch(network, folder, "source.pt")}
    for source, write in sources.items():
        write(os.path.join(folder, source))
        run([pnnx.EXEC_PATH, source, f"inputshape={dims}", "fp16=0", "pnnxparam=scratch.param", "pnnxbin=scratch.bin",
             "pnnxpy=scratch.py", "pnnxonnx=scratch.onnx", "ncnnparam=model.ncnn.param", "ncnnbin=model.ncnn.bin",
             "ncnnpy=scratch_ncnn.py"], os.path.join(folder, "model.ncnn.param"), folder)
        loads = subprocess.run([sys.executable, "-c", "import ncnn, sys; sys.exit(ncnn.Net().load_param('model.ncnn.param'))"],
                               cwd=folder, capture_output=True, text=True)
        if loads.returncode == 0:
            break
    for name in os.listdir(folder):
        if name.startswith(("scratch", "source.")):
            os.remove(os.path.join(folder, name))
    if loads.returncode:
        raise RuntimeError("; ".join(loads.stderr.split("\n")[:2]))


def run(command, makes, folder=None):
    result = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode != 0 or not os.path.exists(makes):
        raise RuntimeError("\n".join(result.stdout.splitlines()[-3:]) or f"exit code {result.returncode}")


def prepare(arguments):
    folder = os.path.join(arguments.folder, f"batch{arguments.batch}")
    os.makedirs(folder, exist_ok=True)
    graph_def = read_graph(arguments.graph)
    if arguments.size:
        fix_shape(graph_def, [int(n) for n in arguments.size.split("x")])
    print(f"{randomize(graph_def)} weights are random", file=sys.stderr)
    graph_file = os.path.join(arguments.folder, "graph.pb")
    if not os.path.exists(graph_file):
        write_graph(graph_def, graph_file)
    network = lower(graph_def, arguments.fetch, arguments.batch)
    write_pictures(next(iter(network.inputs.values())), folder)
    with open(os.path.join(arguments.folder, "interface.json"), "w") as file:
        json.dump({"input": next(iter(network.inputs)), "output": arguments.fetch}, file)
    onnx_file.write(network, os.path.join(folder, "model.onnx"))
    single = network if arguments.batch == 1 else lower(graph_def, arguments.fetch, 1)
    problems = {}
    for name, convert, given in (("torch", to_torch, network), ("mnn", to_mnn, network), ("ncnn", to_ncnn, single)):
        try:
            if given is not network:  # ncnn has no batches
                os.makedirs(os.path.join(folder, name), exist_ok=True)
                convert(given, os.path.join(folder, name))
            else:
                convert(given, folder)
        except Exception as error:  # a peer that cannot be given the network is a result, too
            traceback.print_exc()
            problems[name] = str(error).splitlines()[-1] if str(error) else repr(error)
    with open(os.path.join(folder, "problems.json"), "w") as file:
        json.dump(problems, file, indent=1)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("graph")
    parser.add_argument("folder")
    parser.add_argument("--fetch", default="logits")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--size", help="HxWxC where the placeholder leaves it open")
    prepare(parser.parse_args())
