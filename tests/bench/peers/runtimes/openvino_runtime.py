NAME = "OpenVINO"
MODEL = "model.onnx"
LAYOUT = "nchw"
VARIANTS = {"default": {}}
SETTINGS = ("CPU, PERFORMANCE_HINT=LATENCY, INFERENCE_NUM_THREADS, NUM_STREAMS=1, INFERENCE_PRECISION_HINT=f32 "
            "(its default is bfloat16 on CPUs that have it), inputs and outputs shared")


def load(model, threads):
    import openvino

    compiled = openvino.Core().compile_model(model, "CPU", {
        "PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": 1,
        "INFERENCE_PRECISION_HINT": "f32", "ENABLE_CPU_PINNING": False})
    request = compiled.create_infer_request()

    def run(x):
        return request.infer({0: x}, share_inputs=True, share_outputs=True)[0]

    return run, openvino.__version__.split("-")[0]
