# Redis: a primary, a replica, and three sentinels that make the replica the primary when the other is gone.
import os
import shutil

from parts import places
from parts.process import Service

NAMES = ["redis-1", "redis-2"]
SENTINELS = ["sentinel-1", "sentinel-2", "sentinel-3"]
GROUP = "parley"


def _server(name):
    conf = os.path.join(places.folder("conf", name), "redis.conf")
    # The sentinels write into this file who is the primary; only the first start makes it.
    if not os.path.exists(conf):
        first = f"replicaof {places.HOST} {places.PORTS['redis-1']}\n" if name != "redis-1" else ""
        places.write(conf, f"""bind {places.HOST}
port {places.PORTS[name]}
dir {places.folder("data", name)}
save ""
appendonly no
maxmemory 128mb
maxmemory-policy volatile-lru
repl-diskless-sync yes
repl-diskless-sync-delay 0
{first}""")
    return [shutil.which("redis-server") or "redis-server", conf]


def _sentinel(name):
    conf = os.path.join(places.folder("conf", name), "sentinel.conf")
    if not os.path.exists(conf):
        places.write(conf, f"""bind {places.HOST}
port {places.PORTS[name]}
dir {places.folder("data", name)}
sentinel monitor {GROUP} {places.HOST} {places.PORTS["redis-1"]} 2
sentinel down-after-milliseconds {GROUP} 2000
sentinel failover-timeout {GROUP} 6000
sentinel parallel-syncs {GROUP} 1
""")
    return [shutil.which("redis-sentinel") or "redis-sentinel", conf]


def services():
    return [*[Service(name, lambda name=name: _server(name)) for name in NAMES],
            *[Service(name, lambda name=name: _sentinel(name)) for name in SENTINELS]]
