#!/usr/bin/env python3
"""Tests of the comparisons: what needs no peer, and, in the environment that make_environment made, the formats.

SLUICE_PEERS_PYTHON names that environment's interpreter; without it the formats are skipped.
"""
import os
import struct
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import compare_training  # noqa: E402
from harness import gpu_report, inference_report, npy, store, table, worker  # noqa: E402

try:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import numpy as np
    import onnxruntime
    import tensorflow as tf
    import torch

    from lowering import lower, onnx_file
    from lowering.groups import group_counts, without_groups
    from lowering.random_weights import randomize
    from lowering.torch_module import LoweredModule
    MISSING = ""
except ImportError as error:
    MISSING = f"needs the environment of make_environment, whose interpreter SLUICE_PEERS_PYTHON names ({error})"

MACHINE = {"cpu": "a CPU", "cores": 2, "instruction_sets": ["AVX2"], "system": "Linux"}


class TableTest(unittest.TestCase):
    def test_numbers_have_three_digits(self):
        found = [table.number(value) for value in (None, 0.01234, 1.5, 45.678, 1234.5)]
        self.assertEqual(found, ["–", "0.0123", "1.50", "45.7", "1,234"])

    def test_quartiles_of_one_value(self):
        self.assertEqual(table.quartiles([2.0]), (2.0, 2.0, 2.0))


class StoreTest(unittest.TestCase):
    def test_what_was_stored_is_there_again(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "results.json")
            store.Store(path)["a"] = {"error": "no"}
            again = store.Store(path)
            self.assertEqual(again["a"], {"error": "no"})
            again.remove(lambda value: "error" in value)
            self.assertNotIn("a", store.Store(path))


class NpyTest(unittest.TestCase):
    def test_reads_floats(self):
        header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n"
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + struct.pack("<2f", 1, 0.5))
            file.flush()
            self.assertEqual(npy.read_floats(file.name), [1, 0.5])


class WorkerTest(unittest.TestCase):
    HERE = os.path.dirname(os.path.abspath(__file__))
    GOOD = (f"import sys; sys.path.insert(0, {HERE!r}); sys.dont_write_bytecode = True\n"
            "from harness import protocol\n"
            "print('noise'); protocol.answer(); protocol.tell(version='7'); protocol.serve(lambda: None)")

    def test_measures_in_another_process(self):
        with worker.Worker([sys.executable, "-c", self.GOOD], 1, {}, 60) as process:
            self.assertGreater(process.wait_for_answer(), 0)
            found = process.measure(0, 5)
            self.assertEqual((found["runs"], process.info), (5, {"version": "7"}))
            self.assertGreater(process.finish(), 1)

    def test_a_worker_that_ends_says_why(self):
        with self.assertRaisesRegex(worker.WorkerFailed, "exit code 3: no such model"):
            code = "import sys; print('no such model', file=sys.stderr); sys.exit(3)"
            with worker.Worker([sys.executable, "-c", code], 1, {}, 60) as process:
                process.wait_for_answer()

    def test_a_worker_that_hangs_is_ended(self):
        with self.assertRaisesRegex(worker.WorkerFailed, "exit code -9"):
            with worker.Worker([sys.executable, "-c", "import time; time.sleep(60)"], 1, {}, 0.3) as process:
                process.wait_for_answer()


class ReportTest(unittest.TestCase):
    def test_the_fastest_peer_is_the_measure(self):
        def entry(ms):
            return {"median_ms": ms, "first_answer_s": 0.5, "peak_mib": 100, "version": "1.0"}

        data = {"machine": MACHINE, "network": "net", "commit": "abc", "settings": {"sluice": "s", "ncnn": "n", "mnn": "m"},
                "chosen/1/1": [["sluice", "default"], ["ncnn", "default"]],
                "measured/1/1/mnn/default/0": {"error": "cannot"}}
        for number, (ours, theirs) in enumerate([(9, 9), (2, 3), (1, 2), (3, 4)]):  # round 0 does not count
            data[f"measured/1/1/sluice/default/{number}"] = entry(ours)
            data[f"measured/1/1/ncnn/default/{number}"] = entry(theirs)
        text = inference_report.text([data])
        self.assertIn("| net | 1 | 1 | 2.00 | – | **3.00** | 1.50 |", text)
        self.assertIn("medians of 3 processes", text)
        self.assertIn("net, MNN (default): cannot [batch/threads 1/1]", text)

    def test_a_training_row_holds_by_its_quartile(self):
        data = {"machine": MACHINE, "network": "net", "batch": 64,
                "chosen/1": {"sluice": "default", "torch": "default", "tensorflow": "oneDNN"}}
        for number, ours in enumerate([1, 1, 1, 2, 2]):
            data[f"round/1/{number}"] = {"sluice": ours, "torch": 1.5, "tensorflow": 3}
        self.assertEqual(compare_training.row(data, "1")[3:], ["1.00", "3.00 (oneDNN)", "1.50 (default)",
                                                               "1.50 (0.75–1.50)", "no"])


class GpuReportTest(unittest.TestCase):
    @staticmethod
    def data(task, sluice, compiled, busy):
        data = {"machine": {**MACHINE, "gpu": "a GPU"}, "network": "net", "commit": "abc",
                f"tried/{task}/64/tf32/sluice": {"median_ms": 1, "device_busy_ms": busy},
                f"tried/{task}/64/tf32/eager": {"median_ms": 1, "version": "2.11"},
                f"tried/{task}/64/tf32/compile": {"error": "cannot"}}
        for number in range(3):
            data[f"round/{task}/64/tf32/{number}"] = {"sluice": sluice, "eager": 3.0, "compile_graphs": compiled}
        return data

    def test_a_training_row_holds_by_its_ratio_and_by_the_idle_share(self):
        for compiled, busy, holds in ((2.2, 1.96, "yes"), (1.8, 1.96, "no"), (2.2, 1.7, "no")):
            row = gpu_report.row(self.data("training", 2.0, compiled, busy), ("training", "64", "tf32"))
            self.assertEqual(row[-1], holds, row)
        self.assertEqual(row[4:10], ["2.00", "3.00", "2.20 (compile_graphs)", "1.50 (1.50–1.50)", "1.10 (1.10–1.10)", "15 %"])

    def test_inference_has_a_goal_of_its_own(self):
        row = gpu_report.row(self.data("inference", 2.0, 2.1, 1.0), ("inference", "64", "tf32"))
        self.assertEqual(row[-2:], ["–", "no"])

    def test_what_is_missing_is_told(self):
        text = gpu_report.report([self.data("training", 2.0, 2.2, 1.96)])
        self.assertIn("a GPU", text)
        self.assertIn("* net, training/64/tf32/compile: cannot", text)


@unittest.skipIf(MISSING, MISSING)
class FormatTest(unittest.TestCase):
    """A GraphDef of TensorFlow's own making against what it is lowered to, in ONNX Runtime and in PyTorch."""

    def check(self, build, shape, batch=2):
        tf1 = tf.compat.v1
        graph = tf.Graph()
        with graph.as_default():
            images = tf1.placeholder(tf.float32, [None, *shape], "images")
            tf.identity(build(images), "logits")
        graph_def = graph.as_graph_def()
        randomize(graph_def)
        pictures = np.random.default_rng(3).normal(size=(batch, *shape)).astype(np.float32)
        graph = tf.Graph()
        with graph.as_default():
            tf.import_graph_def(graph_def, name="")
        with tf1.Session(graph=graph) as session:
            expected = session.run("logits:0", {"images:0": pictures})
        before = graph_def.SerializeToString(deterministic=True)
        network = lower(graph_def, "logits", batch)
        self.assertEqual(graph_def.SerializeToString(deterministic=True), before)  # reading an attribute added it
        x = np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))
        answers = [LoweredModule(network).eval()(torch.from_numpy(x)).detach().numpy()]
        with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
            onnx_file.write(network, file.name)
            session = onnxruntime.InferenceSession(file.name, providers=["CPUExecutionProvider"])
            answers.append(session.run(None, {"images": x})[0])
        for answer in answers:
            answer = answer.transpose(0, 2, 3, 1) if answer.ndim == 4 else answer
            np.testing.assert_allclose(answer, expected, atol=1e-4 * np.abs(expected).max(), rtol=1e-3)
        return network

    @staticmethod
    def weights(*shape):
        return tf.constant(np.random.default_rng(1).normal(size=shape).astype(np.float32))

    def test_convolutions(self):
        for size, stride, padding in ((8, 1, "SAME"), (8, 2, "SAME"), (9, 2, "SAME"), (9, 2, "VALID")):
            with self.subTest(size=size, stride=stride, padding=padding):
                network = self.check(lambda x: tf.nn.relu(tf.nn.bias_add(
                    tf.nn.conv2d(x, self.weights(3, 3, 4, 6), stride, padding), self.weights(6))), (size, size, 4))
                self.assertEqual([step.op for step in network.steps], ["Conv", "Relu"])  # the bias is within

    def test_depthwise(self):
        self.check(lambda x: tf.nn.relu6(tf.nn.depthwise_conv2d(x, self.weights(3, 3, 4, 1), (1, 2, 2, 1), "SAME")),
                   (8, 8, 4))

    def test_transposed(self):
        self.check(lambda x: tf.nn.conv2d_transpose(x, self.weights(3, 3, 5, 4), (2, 8, 8, 5), 2, "SAME"), (4, 4, 4))

    def test_pools(self):
        for pool in (tf.nn.max_pool2d, tf.nn.avg_pool2d):
            for size, padding in ((7, "SAME"), (8, "SAME"), (8, "VALID")):
                with self.subTest(pool=pool.__name__, size=size, padding=padding):
                    self.check(lambda x: pool(x, 3, 2, padding), (size, size, 3))

    def test_flattened_pictures_keep_their_weights(self):
        self.check(lambda x: tf.matmul(tf.reshape(tf.nn.relu(x), [-1, 60]), self.weights(60, 7)), (4, 5, 3))

    def test_batch_norm_and_lrn(self):
        def build(x):
            x = tf.compat.v1.nn.fused_batch_norm(x, self.weights(6), self.weights(6), self.weights(6),
                                                 tf.constant(1 + np.arange(6, dtype=np.float32)), is_training=False)[0]
            return tf.nn.lrn(x, depth_radius=2, bias=2, alpha=1e-2, beta=0.75)
        self.check(build, (4, 4, 6))

    def test_instance_norm_is_one_operator(self):
        def build(x):
            mean = tf.reduce_mean(x, [1, 2], keepdims=True)
            centred = x - mean
            variance = tf.reduce_mean(centred * centred, [1, 2], keepdims=True)
            return centred * (tf.math.rsqrt(variance + 1e-5) * self.weights(3)) + self.weights(3)
        network = self.check(build, (5, 4, 3))
        self.assertEqual([step.op for step in network.steps], ["InstanceNormalization"])

    def test_slices_pads_splits(self):
        def build(x):
            x = tf.pad(x[:, ::2, ::2, :], [[0, 0], [0, 0], [0, 0], [1, 2]])
            first, second = tf.split(x, [3, 4], 3)
            return tf.concat([second, tf.nn.tanh(first)], 3)
        self.check(build, (6, 6, 4))

    def test_mean_over_pictures(self):
        self.check(lambda x: tf.reduce_mean(x, [1, 2]) * 2.0, (5, 4, 3))

    def test_groups_one_by_one(self):
        """The rewriting for TensorFlow changes no result."""
        tf1 = tf.compat.v1
        graph = tf.Graph()
        with graph.as_default():
            images = tf1.placeholder(tf.float32, [2, 5, 5, 4], "images")
            tf.raw_ops.Conv2D(input=images, filter=self.weights(3, 3, 2, 6), strides=[1, 1, 1, 1], padding="SAME",
                              name="conv")
        graph_def = graph.as_graph_def()
        counts = group_counts(graph_def, lambda name, axis: graph.get_tensor_by_name(
            name if ":" in name else name + ":0").shape[axis])
        self.assertEqual(counts, {"conv": 2})
        picture = np.random.default_rng(3).normal(size=(2, 5, 5, 4)).astype(np.float32)
        expected = LoweredModule(lower(graph_def, "conv", 2))(torch.from_numpy(picture.transpose(0, 3, 1, 2).copy()))
        graph = tf.Graph()
        with graph.as_default():
            tf.import_graph_def(without_groups(graph_def, counts), name="")
        with tf1.Session(graph=graph) as session:
            found = session.run("conv:0", {"images:0": picture})
        np.testing.assert_allclose(found, expected.detach().numpy().transpose(0, 2, 3, 1), atol=1e-4)


if __name__ == "__main__":
    chosen = os.environ.pop("SLUICE_PEERS_PYTHON", None)
    if chosen:
        os.execv(chosen, [chosen, *sys.argv])
    unittest.main()
