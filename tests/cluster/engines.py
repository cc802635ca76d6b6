# Who is who in the running engines: leaders of Kafka, the primary of Redis; and keeping everything running, as a service
# manager would.
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
import urllib.request

from cluster import place
from parts import commands, kafka, places, redis
from parts.process import Failed


def _read(sock, n):
    data = b""
    while len(data) < n:
        more = sock.recv(n - len(data))
        if not more:
            raise OSError("the broker closed the connection")
        data += more
    return data


class _Answer:
    """An answer of Kafka's protocol, read from its beginning."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self, form):
        value, = struct.unpack_from(form, self.data, self.at)
        self.at += struct.calcsize(form)
        return value

    def text(self):
        n = self.number(">h")
        self.at += max(n, 0)
        return self.data[self.at - max(n, 0):self.at].decode()

    def items(self, read):
        return [read() for _ in range(self.number(">i"))]


def _leaders(name):
    """Of all partitions, as this broker knows them: {(topic, partition): broker}."""
    with socket.create_connection((places.HOST, places.PORTS[name]), 2) as sock:
        sock.settimeout(5)
        # Metadata, version 1, of all topics.
        request = struct.pack(">hhih", 3, 1, 1, 4) + b"test" + struct.pack(">i", -1)
        sock.sendall(struct.pack(">i", len(request)) + request)
        a = _Answer(_read(sock, struct.unpack(">i", _read(sock, 4))[0]))
    a.number(">i")
    a.items(lambda: (a.number(">i"), a.text(), a.number(">i"), a.text()))
    a.number(">i")
    leaders = {}

    def partition():
        a.number(">h")
        row = a.number(">i"), a.number(">i")
        a.items(lambda: a.number(">i"))
        a.items(lambda: a.number(">i"))
        return row

    def topic():
        a.number(">h")
        topic_name = a.text()
        a.number(">b")
        for number, leader in a.items(partition):
            leaders[topic_name, number] = leader
    a.items(topic)
    return leaders


def controller():
    """The broker that leads the controllers, as the one with the newest election has it on its disk."""
    newest = (-1, 1)
    for name in kafka.NAMES:
        path = os.path.join(places.folder("data", name, "log"), "__cluster_metadata-0", "quorum-state")
        try:
            with open(path, encoding="utf-8") as f:
                state = json.load(f)
            newest = max(newest, (state["leaderEpoch"], state["leaderId"]))
        except (OSError, ValueError, KeyError):
            continue
    return kafka.NAMES[max(newest[1], 1) - 1]


def busy_broker():
    """The one that leads most partitions of commands; not the controller, which is a case of its own."""
    other = controller()
    counts = dict.fromkeys((n for n in kafka.NAMES if n != other), 0)
    for (topic, _), leader in _leaders(next(iter(counts))).items():
        name = kafka.NAMES[leader - 1] if leader > 0 else None
        if "commands" in topic and name in counts:
            counts[name] += 1
    return max(counts, key=counts.get)


def primary():
    """The Redis that the sentinels hold for the primary."""
    cli = shutil.which("redis-cli") or "redis-cli"
    for sentinel in redis.SENTINELS:
        done = subprocess.run([cli, "-h", places.HOST, "-p", str(places.PORTS[sentinel]), "sentinel",
                               "get-master-addr-by-name", redis.GROUP], capture_output=True, text=True, check=False)
        words = done.stdout.split()
        for name in redis.NAMES:
            if len(words) == 2 and words[1] == str(places.PORTS[name]):
                return name
    return redis.NAMES[0]


def partitions(name):
    """How many this server owns and works on; None when it does not say."""
    try:
        with urllib.request.urlopen(f"http://{places.address(name)}/metrics", timeout=2) as answer:
            text = answer.read().decode()
    except OSError:
        return None
    counts = {state: int(float(n)) for state, n in re.findall(r'^parley_partitions\{state="(\w+)"\} (\S+)', text, re.M)}
    return min(counts.get("owned", 0), counts.get("written", 0))


class Keeper(threading.Thread):
    """Starts again what has ended, unless a test wants it to be away."""

    def __init__(self, options):
        super().__init__(daemon=True)
        self.services = commands.everything(options)
        self.away = set()
        self.lock = threading.Lock()
        self.ended = threading.Event()
        self.started = []

    def run(self):
        while not self.ended.wait(1):
            for service in self.services.values():
                with self.lock:
                    if service.name in self.away or service.pid() or self.ended.is_set():
                        continue
                    try:
                        service.start()
                        self.started.append(service.name)
                    except Failed:
                        pass  # its port is still being given up; a second later again

    def kill(self, names):
        """SIGKILL to all at once; they stay away."""
        with self.lock:
            self.away.update(names)
            for name in names:
                pid = self.services[name].pid()
                if pid:
                    os.kill(pid, signal.SIGKILL)

    def pause(self, names):
        with self.lock:
            for name in names:
                pid = self.services[name].pid()
                if pid:
                    os.kill(pid, signal.SIGSTOP)

    def go_on(self, names):
        with self.lock:
            for name in names:
                pid = self.services[name].pid()
                if pid:
                    os.kill(pid, signal.SIGCONT)

    def come_back(self, names):
        with self.lock:
            self.away.difference_update(names)

    def wait_ready(self, seconds):
        """Until everything runs and is ready. Returns the names of what is not."""
        end = time.monotonic() + seconds
        while True:
            late = [s.name for s in self.services.values() if not s.pid() or not s.ready()]
            if not late or time.monotonic() > end:
                return late
            time.sleep(1)

    def stop(self):
        self.ended.set()
        self.join()
