NAME = "ncnn"
MODEL = "model.ncnn.param"
LAYOUT = "nchw"
VARIANTS = {"default": {}}
SETTINGS = ("num_threads, float32 (no fp16 or bf16 storage), Winograd, sgemm and packing on; converted by pnnx; it has no "
            "batches: pictures one after the other")


def ENVIRONMENT(threads, options):
    return {"OMP_NUM_THREADS": str(threads)}


def load(model, threads):
    import ncnn
    import numpy

    network = ncnn.Net()
    for option in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_storage"):
        setattr(network.opt, f"use_{option}", False)
    network.opt.num_threads = threads
    network.load_param(model)
    network.load_model(model.replace(".param", ".bin"))
    source, result = network.input_names()[0], network.output_names()[0]

    def run(x):
        answers = []
        for picture in x:
            extractor = network.create_extractor()
            extractor.input(source, ncnn.Mat(picture))
            answers.append(numpy.array(extractor.extract(result)[1]))
        return numpy.stack(answers)

    return run, ncnn.__version__
