NAME = "ONNX Runtime"
MODEL = "model.onnx"
LAYOUT = "nchw"
VARIANTS = {"default": {}}
SETTINGS = "CPUExecutionProvider, intra_op_num_threads, sequential, ORT_ENABLE_ALL, input and output bound (IOBinding)"


def load(model, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    source, result = session.get_inputs()[0].name, session.get_outputs()[0].name
    binding.bind_output(result)

    def run(x):
        binding.bind_cpu_input(source, x)
        session.run_with_iobinding(binding)
        return binding.get_outputs()[0].numpy()

    return run, onnxruntime.__version__
