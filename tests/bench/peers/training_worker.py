"""Times training steps of a folder that prepare_training.py made: `training_worker.py torch FOLDER --threads 2`.

Prints "answer" after the first step; --output writes the losses of the first --steps steps, without dropout. Then it
times the steps that it is asked for (harness/protocol.py).
"""
import argparse
import json
import os
import pickle

import numpy as np

from harness import protocol


def tensorflow_step(folder, threads, drops):
    import tensorflow as tf

    from runtimes.tensorflow_runtime import open_session

    session, graph = open_session(os.path.join(folder, "tensorflow_graph.pb" if drops else "tensorflow_check.pb"), threads)
    with open(os.path.join(folder, "optimizer.json")) as file:
        loss = json.load(file)["loss"]
    session.run(graph.get_operation_by_name("init"))
    run = session.make_callable([graph.get_tensor_by_name(loss + ":0"), graph.get_operation_by_name("train")],
                                [graph.get_tensor_by_name("images:0"), graph.get_tensor_by_name("labels:0")])
    pictures, labels = (np.load(os.path.join(folder, name)) for name in ("nhwc.npy", "labels.npy"))
    return (lambda: run(pictures, labels)[0]), tf.__version__


def torch_step(folder, threads, drops, channels_last=False):
    import torch

    from lowering.torch_module import LoweredModule

    torch.set_num_threads(threads)
    with open(os.path.join(folder, "network.pickle"), "rb") as file:
        network = pickle.load(file)
    with open(os.path.join(folder, "optimizer.json")) as file:
        settings = json.load(file)
    layout = torch.channels_last if channels_last else torch.contiguous_format
    module = LoweredModule(network, drops).train().to(memory_format=layout)
    groups = {}
    for name, parameter in module.named_parameters():
        groups.setdefault(settings["decay"][network.variables[name]], []).append(parameter)
    optimizer = torch.optim.SGD([{"params": p, "weight_decay": d} for d, p in groups.items()], lr=settings["rate"],
                                momentum=settings["momentum"], nesterov=settings["nesterov"], foreach=True)
    pictures = torch.from_numpy(np.load(os.path.join(folder, "nchw.npy"))).contiguous(memory_format=layout)
    labels = torch.from_numpy(np.load(os.path.join(folder, "labels.npy")).astype(np.int64))

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.cross_entropy(module(pictures), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step, torch.__version__


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runtime", choices=("tensorflow", "torch"))
    parser.add_argument("folder")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--channels-last", action="store_true", help="PyTorch's memory format")
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--output")
    arguments = parser.parse_args()
    drops = arguments.output is None
    if arguments.runtime == "tensorflow":
        step, version = tensorflow_step(arguments.folder, arguments.threads, drops)
    else:
        step, version = torch_step(arguments.folder, arguments.threads, drops, arguments.channels_last)
    losses = [step()]
    protocol.answer()
    losses += [step() for _ in range(arguments.steps - 1)]
    if arguments.output:
        np.save(arguments.output, np.array(losses, np.float32))
    protocol.tell(version=version, losses=[float(loss) for loss in losses])
    protocol.serve(step)


if __name__ == "__main__":
    main()
