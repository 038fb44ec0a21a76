"""Times PyTorch on a GPU: `gpu_worker.py FOLDER --task training --precision bf16 --mode compile`, FOLDER by prepare_gpu.py.

A run takes the pictures from page-locked memory of the host and ends when the logits, or the loss, are there again. The
memory format is channels last. Prints "answer" after the first run; --output writes what it was. Then it times the runs
that it is asked for (harness/protocol.py).
"""
import argparse
import json
import os
import pickle

import numpy as np
import torch
import torch.nn.functional as F

from harness import protocol
from lowering.torch_module import LoweredModule, max_pool

MODES = {"eager": None, "compile": {}, "compile_graphs": {"mode": "reduce-overhead"}}


def pool_without_copy(x, *, kernel_shape, strides, pads):
    """What TensorFlow's SAME asks for, more pixels at the end than at the start, is PyTorch's ceil_mode: no padded copy."""
    if pads[:2] == [0, 0] and all(0 < pad < stride for pad, stride in zip(pads[2:], strides)):
        return F.max_pool2d(x, kernel_shape, strides, ceil_mode=True)
    return max_pool(x, kernel_shape=kernel_shape, strides=strides, pads=pads)


def load(folder, device):
    with open(os.path.join(folder, "network.pickle"), "rb") as file:
        network = pickle.load(file)
    module = LoweredModule(network)
    # Numbers instead of tensors, which the compiler would have to ask for their values.
    module.constants = {name: value.tolist() for name, value in module.constants.items()}
    module.operators["Split"] = lambda x, sizes, axis: torch.split(x, sizes, axis)
    module.operators["MaxPool"] = pool_without_copy
    return network, module.to(device, memory_format=torch.channels_last)


def pinned(folder, device):
    pictures = np.load(os.path.join(folder, "pictures.npy")).transpose(0, 3, 1, 2)
    pictures = torch.from_numpy(pictures).contiguous(memory_format=torch.channels_last)
    return pictures.pin_memory() if device == "cuda" else pictures


def inference(folder, device, precision, options):
    _, module = load(folder, device)
    module.eval()
    dtype = torch.bfloat16 if precision == "bf16" else torch.float32
    module = module.to(dtype)
    forward = module if options is None else torch.compile(module, **options)
    pictures = pinned(folder, device)

    def run():
        with torch.inference_mode():
            return forward(pictures.to(device, non_blocking=True).to(dtype)).float().cpu()

    return run


def training(folder, device, precision, options):
    network, module = load(folder, device)
    module.train()
    with open(os.path.join(folder, "settings.json")) as file:
        settings = json.load(file)
    groups = {}
    for name, parameter in module.named_parameters():
        groups.setdefault(settings["decay"][network.variables[name]], []).append(parameter)
    at_once = {"fused": True} if device == "cuda" else {"foreach": True}
    optimizer = torch.optim.SGD([{"params": p, "weight_decay": d} for d, p in groups.items()], lr=settings["rate"],
                                momentum=settings["momentum"], nesterov=settings["nesterov"], **at_once)
    pictures = pinned(folder, device)
    labels = torch.from_numpy(np.load(os.path.join(folder, "labels.npy")).astype(np.int64))

    def loss_of(x, y):
        with torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
            return F.cross_entropy(module(x).float(), y)

    forward = loss_of if options is None else torch.compile(loss_of, **options)

    def run():
        optimizer.zero_grad(set_to_none=True)
        loss = forward(pictures.to(device, non_blocking=True), labels.to(device, non_blocking=True))
        loss.backward()
        optimizer.step()
        return loss.detach().float().cpu()

    return run


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--task", choices=("inference", "training"), required=True)
    parser.add_argument("--precision", choices=("tf32", "bf16"), required=True)
    parser.add_argument("--mode", choices=tuple(MODES), default="eager")
    parser.add_argument("--device", default="cuda", help="cpu: to try this program")
    parser.add_argument("--output")
    arguments = parser.parse_args()
    if arguments.device == "cuda" and not torch.cuda.is_available():
        raise SystemExit(f"PyTorch {torch.__version__} finds no GPU")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    make = inference if arguments.task == "inference" else training
    run = make(arguments.folder, arguments.device, arguments.precision, MODES[arguments.mode])
    answer = run()
    protocol.answer()
    if arguments.output:
        np.save(arguments.output, np.asarray(answer.numpy(), np.float32)[np.newaxis])
    protocol.tell(version=torch.__version__, first=float(answer.reshape(-1)[0]))
    protocol.serve(run)


if __name__ == "__main__":
    main()
