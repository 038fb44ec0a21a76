"""A worker: a process that has a model open, and times it when asked (graph_worker.cc, peer_worker.py)."""
import json
import os
import signal
import subprocess
import tempfile
import threading
import time


class WorkerFailed(Exception):
    """With what it said last."""


class Worker:
    """Starts `command` on the first `threads` CPUs. Use as a context: leaving it ends the process."""

    def __init__(self, command, threads, environment, timeout):
        self.errors = tempfile.TemporaryFile("w+")
        self.info = {}
        self.usage = None
        self.begin = time.perf_counter()
        self.process = subprocess.Popen(["taskset", "-c", f"0-{threads - 1}", *command], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.errors, text=True, start_new_session=True,
                                        env={**os.environ, **environment})
        self.watch = threading.Timer(timeout, self._kill)
        self.watch.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.watch.cancel()
        if self.usage is None:
            self._kill()
            self._wait()
        self.process.stdout.close()
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        self.errors.close()
        return False

    def wait_for_answer(self):
        """The seconds from the start of the process to its first answer."""
        while (line := self._line()) != "answer":
            self._take(line)
        return time.perf_counter() - self.begin

    def measure(self, seconds, runs=3):
        """{"median_ms", "runs"} of at least so many runs, for at least so long."""
        try:
            self.process.stdin.write(f"{seconds} {runs}\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # the next line says so
        while "median_ms" not in (found := self._take(self._line())):
            pass
        return found

    def finish(self):
        """Lets the process end. Returns its peak memory in MiB."""
        self.process.stdin.close()
        while line := self.process.stdout.readline():  # some runtimes print when they end
            self._take(line.strip())
        self._wait()
        if self.process.returncode:
            raise WorkerFailed(self._last_words())
        return self.usage.ru_maxrss / 1024

    def _take(self, line):
        try:
            found = json.loads(line)
        except ValueError:
            return {}
        if isinstance(found, dict) and "median_ms" not in found:
            self.info.update(found)
        return found if isinstance(found, dict) else {}

    def _line(self):
        line = self.process.stdout.readline()
        if not line:
            self._wait()
            raise WorkerFailed(self._last_words())
        return line.strip()

    def _wait(self):
        if self.usage is None:
            _, status, self.usage = os.wait4(self.process.pid, 0)
            self.process.returncode = os.waitstatus_to_exitcode(status)

    def _kill(self):
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def _last_words(self):
        self.errors.seek(0)
        lines = [line.strip() for line in self.errors if line.strip()]
        return f"exit code {self.process.returncode}: {lines[-1] if lines else 'it said nothing'}"[:300]
