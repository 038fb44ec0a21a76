NAME = "PyTorch"
MODEL = "model.pt"
LAYOUT = "nchw"
VARIANTS = {"frozen": {}, "channels_last": {"channels_last": "1"}, "optimize_for_inference": {"optimize": "1"}}
SETTINGS = ("a TorchScript file, frozen, inference_mode, set_num_threads; also in channels_last, and through "
            "optimize_for_inference")


def ENVIRONMENT(threads, options):
    return {"OMP_NUM_THREADS": str(threads), "OPENBLAS_NUM_THREADS": str(threads)}


def load(model, threads, channels_last="0", optimize="0"):
    import torch

    torch.set_num_threads(threads)
    torch.set_num_interop_threads(1)
    module = torch.jit.load(model).eval()
    layout = torch.channels_last if channels_last == "1" else torch.contiguous_format
    if channels_last == "1":
        module = module.to(memory_format=layout)
    module = torch.jit.freeze(module)
    if optimize == "1":
        module = torch.jit.optimize_for_inference(module)
    cache = {}

    def run(x):
        # The picture is given in the layout of the variant: making it so is not measured, as for the others.
        picture = cache.get(id(x))
        if picture is None:
            picture = cache.setdefault(id(x), torch.from_numpy(x).contiguous(memory_format=layout))
        with torch.inference_mode():
            return module(picture).numpy()

    return run, torch.__version__
