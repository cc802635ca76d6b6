# A service of the cluster as a process: started apart from this one, found again by its pid and its start time.
import os
import signal
import socket
import subprocess
import time

from parts import places


class Failed(Exception):
    """What went wrong, in one line for whoever called."""


def _birth(pid):
    """When a process began, in ticks since the machine's start; None when there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return None if fields[0] == "Z" else fields[19]
    except (OSError, IndexError):
        return None


def port_answers(name):
    try:
        with socket.create_connection((places.HOST, places.PORTS[name]), 0.5):
            return True
    except OSError:
        return False


class Service:
    """name: of PORTS. command: a function that prepares and returns the argument list. ready: a function; without one
    the port answers. seconds: how long its start may take."""

    def __init__(self, name, command, ready=None, seconds=60, stop_seconds=20, env=None):
        self.name = name
        self.command = command
        self.ready = ready or (lambda: port_answers(name))
        self.seconds = seconds
        self.stop_seconds = stop_seconds
        self.env = env or {}

    @property
    def log(self):
        return os.path.join(places.folder("log"), self.name + ".log")

    @property
    def _pid_file(self):
        return os.path.join(places.folder("run"), self.name + ".pid")

    def pid(self):
        """Of the process that this file started; None when it has ended."""
        try:
            with open(self._pid_file, encoding="utf-8") as f:
                pid, birth = f.read().split()
        except (OSError, ValueError):
            return None
        return int(pid) if _birth(pid) == birth else None

    def paused(self):
        pid = self.pid()
        if not pid:
            return False
        with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
            return f.read().rsplit(")", 1)[1].split()[0] == "T"

    def memory_mb(self):
        try:
            with open(f"/proc/{self.pid()}/status", encoding="utf-8") as f:
                return next(int(line.split()[1]) // 1024 for line in f if line.startswith("VmRSS:"))
        except (OSError, StopIteration):
            return 0

    def start(self):
        if self.pid():
            return
        if self.name in places.PORTS and port_answers(self.name):
            raise Failed(f"{self.name}: something else answers on {places.address(self.name)}; end it first")
        with open(self.log, "ab") as log:
            process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       cwd=places.folder("data", self.name), start_new_session=True,
                                       env={**os.environ, **self.env})
        places.write(self._pid_file, f"{process.pid} {_birth(process.pid)}\n")

    def wait(self):
        """Until it is ready."""
        end = time.monotonic() + self.seconds
        while not self.ready():
            if not self.pid():
                raise Failed(f"{self.name}: ended while it started; see {self.log}")
            if time.monotonic() > end:
                raise Failed(f"{self.name}: not ready after {self.seconds} s; see {self.log}")
            time.sleep(0.2)

    def signal(self, number):
        pid = self.pid()
        if not pid:
            raise Failed(f"{self.name}: does not run")
        os.kill(pid, number)

    def stop(self):
        """Ends it in good order, by force if that takes too long."""
        pid = self.pid()
        if not pid:
            return
        os.kill(pid, signal.SIGCONT)
        os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + self.stop_seconds
        while self.pid():
            if time.monotonic() > end:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)

    def kill(self):
        """SIGKILL; returns when it is gone."""
        self.signal(signal.SIGKILL)
        while self.pid():
            time.sleep(0.02)
