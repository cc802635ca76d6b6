# The load of a fault run: clients of the balancer, ruled by lines, telling once a second how they are.
import json
import os
import subprocess
import threading
import time

from cluster import place
from parts import parley, places

CLIENTS_A_CIRCLE = 5


class Load:
    """Runs cluster-load on fresh users from its making on."""

    def __init__(self, name, clients, rate, seed):
        folder = places.folder("test", "faults")
        self.history = os.path.join(folder, name + ".jsonl")
        tokens = os.path.join(folder, name + ".tokens")
        self._make_users(clients, tokens)
        self.now = {}
        self.errors = open(os.path.join(folder, name + ".err"), "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [os.path.join(place.BUILD, "tests", "cluster", "cluster-load"), places.address("haproxy"), tokens,
             self.history, str(clients // CLIENTS_A_CIRCLE), str(rate), str(seed)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @staticmethod
    def _make_users(clients, tokens):
        """Some server is well: the one that was hurt before may be on its way back."""
        prefix = f"l{time.time_ns() // 1000000:x}_"
        why = ""
        for _ in range(30):
            for name in parley.NAMES:
                done = subprocess.run([place.PARLEY, "admin", "users", "create", "--count", str(clients), "--prefix",
                                       prefix, "--tokens", tokens, "--data", places.folder("data", name)],
                                      capture_output=True, text=True, check=False, timeout=120)
                if done.returncode == 0:
                    return
                why = done.stderr.strip()
                prefix = f"l{time.time_ns() // 1000000:x}_"
            time.sleep(2)
        raise RuntimeError(f"users cannot be made: {why}")

    def _read(self):
        with open(self.history.removesuffix("jsonl") + "seconds", "w", encoding="utf-8") as seconds:
            for line in self.process.stdout:
                seconds.write(line)
                try:
                    self.now = json.loads(line)
                except ValueError:
                    continue

    def say(self, line):
        try:
            self.process.stdin.write(line + "\n")
            self.process.stdin.flush()
        except OSError:
            pass  # it has ended; its exit code tells

    def wait(self, fine, seconds):
        """Until fine(its newest state) or it ends. False: not within that time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            if self.now and fine(self.now):
                return True
            time.sleep(0.5)
        return False

    def finish(self, seconds):
        """Nobody writes any more; everybody reads all. The exit code, 1 if it had to be ended."""
        self.say("stop")
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = 1
        self._reader.join(5)
        return code

    def end(self):
        """At once, if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.errors.close()

    def said(self):
        """What it wrote on standard error, the end."""
        self.errors.seek(0)
        return self.errors.read()[-2000:]
