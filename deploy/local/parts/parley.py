# Parley: three servers on the engines of this machine.
import os
import urllib.error
import urllib.request

from parts import kafka, places, redis
from parts.hbase import GATEWAYS
from parts.process import Failed, Service

NAMES = ["parley-1", "parley-2", "parley-3"]


def program():
    path = os.environ.get("PARLEY_BIN", os.path.join(places.PROJECT, "build", "parley"))
    if not os.path.exists(path):
        raise Failed(f"parley: {path} is not there; run `make build`")
    return path


def settings():
    """What makes a server one of many."""
    return {
        "queue.driver": "kafka",
        "queue.kafka.bootstrap.servers": ",".join(places.address(name) for name in kafka.NAMES),
        "store.driver": "hbase",
        "store.hbase.gateways": ",".join(places.address(name) for name in GATEWAYS),
        "route.driver": "redis",
        "presence.driver": "redis",
        "cache.driver": "redis",
        "redis.sentinels": ",".join(places.address(name) for name in redis.SENTINELS),
        "redis.group": redis.GROUP,
    }


def answers(name, path="/readyz"):
    try:
        with urllib.request.urlopen(f"http://{places.address(name)}{path}", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def _command(name, options):
    arguments = [program(), "serve", "--listen", places.address(name), "--data", places.folder("data", name),
                 "-o", "server.id=" + name]
    for key, value in settings().items():
        arguments += ["-o", f"{key}={value}"]
    for option in options:
        arguments += ["-o", option]
    return arguments


def services(options=()):
    return [Service(name, lambda name=name: _command(name, options), ready=lambda name=name: answers(name))
            for name in NAMES]
