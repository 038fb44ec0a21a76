NAME = "MNN"
MODEL = "model.mnn"
LAYOUT = "nchw"
VARIANTS = {"default": {}}
SETTINGS = "Interpreter session on the CPU backend, numThread, precision high (float32), file converted with optimizeLevel 1"


def load(model, threads):
    import MNN
    import numpy

    interpreter = MNN.Interpreter(model)
    session = interpreter.createSession({"backend": "CPU", "numThread": threads, "precision": "high"})
    source = interpreter.getSessionInput(session)
    result = interpreter.getSessionOutput(session)
    shape = result.getShape()
    answer = numpy.zeros(shape, numpy.float32)
    taken = MNN.Tensor(shape, MNN.Halide_Type_Float, answer, MNN.Tensor_DimensionType_Caffe)

    def run(x):
        source.copyFrom(MNN.Tensor(x.shape, MNN.Halide_Type_Float, x, MNN.Tensor_DimensionType_Caffe))
        interpreter.runSession(session)
        result.copyToHostTensor(taken)
        return taken.getNumpyData()

    return run, MNN.version()
