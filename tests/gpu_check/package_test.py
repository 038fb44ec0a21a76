#!/usr/bin/env python3
"""tools/gpu_check and tools/gpu_bench where there is no GPU: a package for simulated devices is made of the build that
SLUICE_BUILD names, and run. Says nothing about GPUs."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
CHECK, BENCH = (os.path.join(ROOT, "tools", name) for name in ("gpu_check", "gpu_bench"))


def call(*words, **environment):
    result = subprocess.run([sys.executable, *words], capture_output=True, text=True, env={**os.environ, **environment})
    return result.returncode, result.stdout, result.stderr


class PackageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.scratch = tempfile.TemporaryDirectory()
        cls.package = os.path.join(cls.scratch.name, "package")
        cls.packed = cls.pack(cls.package)

    @classmethod
    def tearDownClass(cls):
        cls.scratch.cleanup()

    @staticmethod
    def pack(folder, *more):
        return call(CHECK, "pack", folder, "--simulated", "--no-build", "--build", os.environ["SLUICE_BUILD"],
                    "--compression", "0", *more)

    def run_checks(self, package, *words, **environment):
        return call(CHECK, "run", package, "--output", self.scratch.name, *words, **environment)

    def changed(self, **facts):
        """A package that says of itself what this one does not."""
        other = os.path.join(self.scratch.name, "other")
        shutil.rmtree(other, ignore_errors=True)
        shutil.copytree(self.package, other)
        path = os.path.join(other, "package.json")
        with open(path) as file:
            before = json.load(file)
        with open(path, "w") as file:
            json.dump({**before, **facts}, file)
        return other

    def test_a_package_has_what_it_needs_and_nothing_of_the_driver(self):
        code, output, error = self.packed
        self.assertEqual((code, error), (0, ""))
        self.assertRegex(output, r"package\.tar\.xz: \d+\.\d MB, \d+ libraries")
        libraries = os.listdir(os.path.join(self.package, "lib"))
        self.assertTrue(any(name.startswith("libprotobuf") for name in libraries), libraries)
        self.assertFalse([n for n in libraries if n.startswith(("libcuda", "libnvidia", "libc.so", "ld-linux"))], libraries)

    def test_the_archive_runs_as_its_folder_does(self):
        code, output, error = self.run_checks(self.package + ".tar.xz", "--groups", "errors,towers")
        self.assertEqual((code, error), (0, ""), output)
        self.assertRegex(output, r"on simulated, ")
        self.assertRegex(output, r"(?m)^errors: passed, \d+\.\d s: errors on sim:1: \d+ passed, 0 failed")
        self.assertRegex(output, r"(?m)^gpu_check: 2 groups, all passed; \d+ s of 480$")

    def test_what_fails_is_named(self):
        code, output, _ = self.run_checks(self.package, "--groups", "towers", SLUICE_SIM="gpu_kernels=1,fail_run=40")
        self.assertEqual(code, 1, output)
        self.assertRegex(output, r"FAILED towers on sim:1: .*kernel number 40 failed")
        self.assertRegex(output, r"gpu_check: 1 groups, not passed: towers;")
        with open(os.path.join(self.scratch.name, "gpu_check.json")) as file:
            self.assertEqual(json.load(file)["groups"][0][:2], ["towers", "failed (1)"])

    def test_out_of_time_is_no_success(self):
        code, output, _ = self.run_checks(self.package, "--groups", "errors,networks", "--seconds", "3")
        self.assertEqual(code, 1, output)
        self.assertRegex(output, r"not passed: networks")

    def test_a_package_that_is_too_large_is_not_made(self):
        target = os.path.join(self.scratch.name, "large")
        code, _, error = self.pack(target, "--max-mb", "1")
        self.assertEqual(code, 2)
        self.assertRegex(error, r"MB are more than the 1 MB that may be carried")
        self.assertFalse(os.path.exists(target) or os.path.exists(target + ".tar.xz"))

    def test_what_is_missing_there_is_named(self):
        code, _, error = self.run_checks(self.changed(cuda_libraries=["libcudnn.so.99"]))
        self.assertEqual(code, 2)
        self.assertRegex(error, r"not found in the wheels of .*: libcudnn.so.99 \(wheel nvidia-cudnn-cu13\)")
        code, _, error = self.run_checks(self.changed(device="gpu:0"))
        self.assertEqual(code, 2)
        self.assertRegex(error, r"there is no GPU here: no plug-in for GPUs was loaded")
        code, _, error = self.run_checks(self.scratch.name)
        self.assertEqual(code, 2)
        self.assertRegex(error, r"is no package")

    def test_the_benchmark_without_a_gpu_or_pytorch_says_so(self):
        work = os.path.join(self.scratch.name, "work")
        code, _, error = call(BENCH, "lenet", "--work", work, "--package", self.changed(device="gpu:0"))
        self.assertEqual(code, 2)
        self.assertRegex(error, r"gpu_bench: there is no GPU here: .*; nothing was measured")
        code, _, error = call(BENCH, "lenet", "--work", work, "--package", self.package, "--python", "/usr/bin/false")
        self.assertEqual(code, 2)
        self.assertRegex(error, r"/usr/bin/false cannot be compared with: .*; nothing was measured")


if __name__ == "__main__":
    unittest.main()
