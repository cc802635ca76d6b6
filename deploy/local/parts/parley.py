# Parley: three servers on the engines of this machine.
import os
import subprocess
import time
import urllib.error
import urllib.request

from parts import kafka, places, redis
from parts.hbase import GATEWAYS
from parts.process import Failed, Service

INIT_SECONDS = 180
NAMES = ["parley-1", "parley-2", "parley-3"]


def program():
    path = os.environ.get("PARLEY_BIN", os.path.join(places.PROJECT, "build", "parley"))
    if not os.path.exists(path):
        raise Failed(f"parley: {path} is not there; run `make build`")
    return path


def settings():
    """What makes a server one of many: sections of keys."""
    return {
        "queue": {"driver": "kafka"},
        "queue.kafka": {"servers": ",".join(places.address(name) for name in kafka.NAMES)},
        "store": {"driver": "hbase"},
        "store.hbase": {"gateways": ",".join(places.address(name) for name in GATEWAYS)},
        "route": {"driver": "redis"},
        "presence": {"driver": "redis"},
        "cache": {"driver": "redis"},
        "redis": {"sentinels": ",".join(places.address(name) for name in redis.SENTINELS), "group": redis.GROUP},
    }


def configuration():
    """The file that all servers share; returns its path."""
    text = ""
    for section, keys in settings().items():
        text += f"[{section}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())
    return places.write(os.path.join(places.folder("conf", "parley"), "parley.conf"), text)


def prepare():
    """Makes tables and topics, once; HBase's master takes its time before it makes any."""
    done = os.path.join(places.folder("data"), "store-made")
    if os.path.exists(done):
        return
    end = time.monotonic() + INIT_SECONDS
    while True:
        made = subprocess.run([program(), "store", "init", "--config", configuration()], capture_output=True,
                              text=True, check=False)
        if made.returncode == 0:
            print(made.stdout.strip(), flush=True)
            places.write(done, made.stdout)
            return
        if time.monotonic() > end or made.returncode == 2 and "already" not in made.stderr:
            raise Failed(f"parley: {made.stderr.strip()}")
        time.sleep(2)


def answers(name, path="/readyz"):
    try:
        with urllib.request.urlopen(f"http://{places.address(name)}{path}", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def _command(name, options):
    arguments = [program(), "serve", "--config", configuration(), "--listen", places.address(name), "--data",
                 places.folder("data", name), "-o", "server.id=" + name]
    for option in options:
        arguments += ["-o", option]
    return arguments


def service(name, options=(), **more):
    return Service(name, lambda: _command(name, options), ready=lambda: answers(name), **more)


def services(options=()):
    return [service(name, options) for name in NAMES]
