"""One module for each runtime that is compared. Importing a module does not import the runtime: `load` does.

NAME       as it stands in tables
MODEL      the file that prepare.py makes for it
LAYOUT     of the pictures that it is fed, its own: "nchw" or "nhwc"
VARIANTS   {name: options of `load`}: the fastest counts
SETTINGS   what `load` sets, for the report
ENVIRONMENT(threads, options) -> environment variables (left out where there are none)
load(model, threads, **options) -> (run, version): run(array) -> array
"""
import importlib

PEERS = ("onnxruntime", "openvino", "tensorflow", "torch", "mnn", "ncnn")


def find(name):
    return importlib.import_module(f"runtimes.{name}_runtime")
