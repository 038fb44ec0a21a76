"""Finds, on a machine with a GPU, a package that `tools/gpu_check pack` made, CUDA's libraries, and the GPU."""
import glob
import json
import os
import subprocess
import tarfile
import tempfile

# CUDA's libraries are found there, and come as these wheels.
WHEELS = {"libcudnn": "nvidia-cudnn-cu13", "libcublas": "nvidia-cublas", "libnvrtc": "nvidia-cuda-nvrtc",
          "libcudart": "nvidia-cuda-runtime", "libnccl": "nvidia-nccl-cu13"}
SYSTEM_FOLDERS = ("/usr/local/cuda/lib64", "/usr/local/cuda/targets/*/lib", "/usr/lib/x86_64-linux-gnu")


class Failure(Exception):
    """A line for people; nothing further can be done."""


def wheel_of(library):
    """The wheel that has a library of CUDA; None for others."""
    return next((wheel for name, wheel in WHEELS.items() if library.startswith(name)), None)


def cuda_folders(python):
    """Where CUDA's libraries may be: in the wheels of `python`, then in the system."""
    folders = []
    asked = subprocess.run([python, "-c", "import json, sys; print(json.dumps(sys.path))"], capture_output=True, text=True)
    for path in json.loads(asked.stdout) if asked.returncode == 0 else []:
        folders += sorted(glob.glob(os.path.join(path or ".", "nvidia", "*", "lib")))
    for pattern in SYSTEM_FOLDERS:
        folders += sorted(glob.glob(pattern))
    return folders


class Package:
    """The folder of a package, or its archive, which is unpacked first."""

    def __init__(self, path):
        if not os.path.exists(path) and os.path.exists(path + ".tar.xz"):
            path += ".tar.xz"
        self.scratch = None
        if os.path.isfile(path):
            self.scratch = tempfile.TemporaryDirectory(prefix="sluice_gpu_check")
            with tarfile.open(path) as tar:
                tar.extractall(self.scratch.name)
            path = os.path.join(self.scratch.name, os.listdir(self.scratch.name)[0])
        self.folder = os.path.abspath(path)
        if not os.path.exists(self.path("package.json")):
            raise Failure(f"{path} is no package: `tools/gpu_check pack` makes one")
        with open(self.path("package.json")) as file:
            facts = json.load(file)
        self.commit, self.device, self.plugin = facts["commit"], facts["device"], facts["plugin"]
        self.cuda_libraries = facts["cuda_libraries"]
        self.is_simulated = self.device.startswith("sim")

    def path(self, name):
        return os.path.join(self.folder, name)

    def program(self, name):
        return self.path(os.path.join("bin", name))

    def environment(self, python):
        """What programs are started with. Failure naming every library that is missing."""
        folders, missing = [self.path("lib")], []
        candidates = cuda_folders(python) if self.cuda_libraries else []
        for library in self.cuda_libraries:
            folder = next((f for f in candidates if os.path.exists(os.path.join(f, library))), None)
            if folder is None:
                missing.append(f"{library} (wheel {wheel_of(library)})")
            elif folder not in folders and folder != SYSTEM_FOLDERS[-1]:
                folders.append(folder)
        if missing:
            raise Failure(f"not found in the wheels of {python} nor in the system: {', '.join(missing)}")
        if os.environ.get("LD_LIBRARY_PATH"):
            folders.append(os.environ["LD_LIBRARY_PATH"])
        found = {"LD_LIBRARY_PATH": ":".join(folders), "SLUICE_PLUGINS": self.path(os.path.join("lib", self.plugin))}
        if self.is_simulated:
            found["SLUICE_SIM"] = os.environ.get("SLUICE_SIM", "gpu_kernels=1")
        return found

    def describe_device(self, environment):
        """One line. Failure with the reason where there is no such device."""
        result = subprocess.run([self.program("sluice"), "devices", "--json"], capture_output=True, text=True,
                                env={**os.environ, **environment})
        if result.returncode:
            raise Failure(f"sluice does not run here: {result.stderr.strip() or result.returncode}")
        report = json.loads(result.stdout)
        kind = self.device.partition(":")[0].upper()
        if kind not in report["available"]:
            raise Failure(f"there is no {kind} here: {report['missing'].get(kind, 'no plug-in brings one')}")
        return report["available"][kind][0]
