import os

NAME = "TensorFlow"
MODEL = "graph.pb"
LAYOUT = "nhwc"
VARIANTS = {"oneDNN": {"onednn": "1"}, "no oneDNN": {"onednn": "0"}}
SETTINGS = "make_callable of a session, intra_op_parallelism_threads, inter 1, TF_ENABLE_ONEDNN_OPTS=1 and 0"


def ENVIRONMENT(threads, options):
    return {"TF_ENABLE_ONEDNN_OPTS": options["onednn"], "TF_CPP_MIN_LOG_LEVEL": "3", "OMP_NUM_THREADS": str(threads)}


def open_session(model, threads):
    """(session, graph) of a GraphDef file."""
    import tensorflow as tf

    tf1 = tf.compat.v1
    tf1.disable_eager_execution()
    graph_def = tf1.GraphDef()
    with open(model, "rb") as file:
        graph_def.ParseFromString(file.read())
    tf.import_graph_def(graph_def, name="")
    config = tf1.ConfigProto(intra_op_parallelism_threads=threads, inter_op_parallelism_threads=1,
                             allow_soft_placement=True)
    return tf1.Session(config=config), tf1.get_default_graph()


def load(model, threads, onednn):
    session, graph = open_session(model, threads)
    interface = os.path.join(os.path.dirname(model), "interface.json")
    import json

    with open(interface) as file:
        names = json.load(file)
    run = session.make_callable(graph.get_tensor_by_name(names["output"] + ":0"),
                                [graph.get_tensor_by_name(names["input"] + ":0")])
    import tensorflow as tf

    return run, tf.__version__
