#!/usr/bin/env python3
"""What `sluice train --logdir` wrote, as the real TensorBoard shows it: asks its data endpoints.

    check_tensorboard.py LOGDIR             the folder of one run
    check_tensorboard.py --train SLUICE     makes one first, with that binary: LeNet on Fashion-MNIST

Needs tensorboard from PyPI, in the Python that runs this or in the one that SLUICE_TENSORBOARD_PYTHON names. Prints what
was found; exits with 1 where something is missing, with 77 (skipped) where there is no tensorboard.
"""
import importlib.util
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

SECONDS_TO_START = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class TensorBoard:
    def __init__(self, logdir):
        self.address = f"http://127.0.0.1:{(port := free_port())}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tensorboard.main", "--logdir", logdir, "--port", str(port), "--load_fast=false"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def get(self, path, **query):
        with urllib.request.urlopen(f"{self.address}/data/{path}?{urllib.parse.urlencode(query)}") as answer:
            return answer.read()

    def json(self, path, **query):
        return json.loads(self.get(path, **query))

    def wait_for_scalars(self):
        """The tags of the only run, once it was read."""
        for _ in range(SECONDS_TO_START * 5):
            try:
                runs = self.json("plugin/scalars/tags")
                if any("train/loss" in tags for tags in runs.values()):
                    return runs
            except (urllib.error.URLError, ConnectionError):
                if self.process.poll() is not None:
                    sys.exit("tensorboard ended")
            time.sleep(0.2)
        sys.exit(f"no scalars after {SECONDS_TO_START} s")


def check(board):
    runs = board.wait_for_scalars()
    (run, scalars), = runs.items()
    for tag in ("train/loss", "train/accuracy", "learning_rate", "test/loss", "test/accuracy"):
        points = board.json("plugin/scalars/scalars", run=run, tag=tag)
        yield f"{tag}: {len(points)} points", tag in scalars and len(points) > 0
    histograms = list(board.json("plugin/histograms/tags")[run])
    points = board.json("plugin/histograms/histograms", run=run, tag=histograms[0])
    yield f"{len(histograms)} histograms, {histograms[0]} with {len(points)} steps", len(points) > 1
    images = list(board.json("plugin/images/tags")[run])
    for prefix in ("examples/", "filters/"):
        tag = next((t for t in images if t.startswith(prefix)), None)
        shown = board.json("plugin/images/images", run=run, tag=tag, sample=0) if tag else []
        bytes_ = board.get(f"plugin/images/individualImage?{shown[0]['query']}&") if shown else b""
        yield f"{tag}: {len(bytes_)} bytes", bytes_.startswith(b"\x89PNG")
    graph = board.get("plugin/graphs/graph", run=run).decode()
    yield f"a graph of {graph.count('node {')} nodes", "VarHandleOp" in graph
    traces = list(board.json("plugin/graphs/info")[run]["tags"])
    metadata = board.get("plugin/graphs/run_metadata", run=run, tag=traces[0]).decode() if traces else ""
    yield f"compute time of {metadata.count('node_stats {')} nodes in {traces}", "all_end_rel_micros" in metadata
    yield f"memory of {metadata.count('total_bytes')} of them", "total_bytes" in metadata
    where = board.json("plugin/projector/runs")
    config = board.json("plugin/projector/info", run=where[0])
    name = config["embeddings"][0]["tensorName"]
    rows = board.get("plugin/projector/metadata", run=where[0], name=name).decode().splitlines()
    tensor = board.get("plugin/projector/tensor", run=where[0], name=name)
    sprite = board.get("plugin/projector/sprite_image", run=where[0], name=name)
    yield f"an embedding of {len(rows) - 1} points", len(rows) > 2 and len(tensor) > 0 and sprite[:4] == b"\x89PNG"


def check_all(logdir):
    wrong = 0
    with TensorBoard(os.path.abspath(logdir)) as board:
        for what, is_right in check(board):
            wrong += not is_right
            print(("ok     " if is_right else "WRONG  ") + what)
    return wrong


def main():
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in ("-h", "--help") or len(arguments) != (2 if arguments[0] == "--train" else 1):
        sys.exit(__doc__)
    if importlib.util.find_spec("tensorboard") is None:
        other = os.environ.get("SLUICE_TENSORBOARD_PYTHON")
        if other and os.path.realpath(other) != os.path.realpath(sys.executable):
            os.execv(other, [other, *sys.argv])
        print("skipped: there is no tensorboard here (pip install tensorboard)")
        sys.exit(77)
    if arguments[0] != "--train":
        sys.exit(check_all(arguments[0]) > 0)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([arguments[1], "train", "lenet", "--data", "fashion-mnist", "--epochs", "1", "--rate", "0.01",
                        "--out", f"{folder}/out", "--logdir", f"{folder}/log"], check=True, stdout=subprocess.DEVNULL)
        sys.exit(check_all(f"{folder}/log") > 0)


if __name__ == "__main__":
    main()
