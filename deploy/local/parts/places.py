# Where everything of the local cluster is: folders, and all ports in one table.
import os

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROJECT = os.path.dirname(os.path.dirname(HERE))
STATE = os.environ.get("PARLEY_CLUSTER", os.path.join(PROJECT, ".cluster"))
HOST = "127.0.0.1"

# Redis stands beside its usual ports, where Debian starts one of its own.
PORTS = {
    "kafka-1": 9092, "kafka-2": 9192, "kafka-3": 9292,
    "kafka-1 controller": 9093, "kafka-2 controller": 9193, "kafka-3 controller": 9293,
    "zookeeper": 2181,
    "namenode": 8020, "namenode http": 9870,
    "datanode-1": 9866, "datanode-2": 9966, "datanode-3": 10066,
    "datanode-1 ipc": 9867, "datanode-2 ipc": 9967, "datanode-3 ipc": 10067,
    "datanode-1 http": 9864, "datanode-2 http": 9964, "datanode-3 http": 10064,
    "hmaster": 16000,
    "region-1": 16020, "region-2": 16021,
    "thrift-1": 9090, "thrift-2": 9091,
    "redis-1": 6479, "redis-2": 6480,
    "sentinel-1": 26479, "sentinel-2": 26480, "sentinel-3": 26481,
    "haproxy": 8080,
    # The fourth is one that comes and goes.
    "parley-1": 8081, "parley-2": 8082, "parley-3": 8083, "parley-4": 8084,
}


# A second cluster beside the first has other ports, all as much higher.
_SHIFT = int(os.environ.get("PARLEY_CLUSTER_SHIFT", "0"))
PORTS = {name: port + _SHIFT for name, port in PORTS.items()}


def folder(*parts):
    """A folder below the state, made when it is not there."""
    path = os.path.join(STATE, *parts)
    os.makedirs(path, exist_ok=True)
    return path


def write(path, text):
    """Writes a file, its folders with it, in one piece: a server may be reading what is for all. Returns its path."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write(text)
    os.replace(path + ".new", path)
    return path


def address(name):
    return f"{HOST}:{PORTS[name]}"
