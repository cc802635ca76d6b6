# The faults: each is done to a running cluster under load, and taken back.
import os
import random
import shutil
import subprocess
import time

from cluster import place
from cluster.engines import busy_broker, controller, partitions, primary
from cluster.proxy import OFFSET, Proxy
from parts import hbase, hdfs, kafka, parley, places, redis

# Longer than every lease: that of presence is 45 s, all others are shorter.
PAUSE_S = 50
DOWN_S = 15

# Who is meant by a word: found out when the fault begins.
ROLES = {
    "parley": lambda: parley.NAMES[1],
    "broker": busy_broker,
    "controller": controller,
    "region server": lambda: hbase.REGIONS[0],
    "data node": lambda: hdfs.DATANODES[0],
    "gateway": lambda: hbase.GATEWAYS[0],
    "HMaster": lambda: "hmaster",
    "ZooKeeper": lambda: "zookeeper",
    "Redis primary": primary,
    "HAProxy": lambda: "haproxy",
}
PAIRS = [("parley", "broker"), ("region server", "data node"), ("parley", "Redis primary"), ("gateway", "region server")]


class Fault:
    """name: as in the report. health_s: time that it may take until all is well again, on a slow machine."""
    health_s = 240

    def __init__(self, name):
        self.name = name

    def prepare(self, keeper):
        """Before the load begins. Returns why it cannot be done here, or None."""

    def act(self, keeper):
        """Does it, lasts as long as it is to last, and takes it back. Returns what was hit."""
        raise NotImplementedError

    def restore(self, keeper):
        """After the load has ended."""


class Kill(Fault):
    def __init__(self, *roles):
        super().__init__("SIGKILL " + " and ".join(roles))
        self.roles = roles

    def act(self, keeper):
        names = [ROLES[role]() for role in self.roles]
        keeper.kill(names)
        time.sleep(DOWN_S)
        keeper.come_back(names)
        return ", ".join(names)


class Pause(Fault):
    def __init__(self, role):
        super().__init__(f"SIGSTOP {role}, {PAUSE_S} s")
        self.role = role

    def act(self, keeper):
        name = ROLES[self.role]()
        keeper.pause([name])
        time.sleep(PAUSE_S)
        keeper.go_on([name])
        return name


class Join(Fault):
    """One more server is started and gets its share of the partitions; then it ends in good order and hands it over."""
    NAME = "parley-4"
    STAY_S = 20

    def __init__(self):
        super().__init__("a fourth server joins, and leaves")
        # An end in good order waits for its clients to go.
        self.service = parley.service(self.NAME, place.OPTIONS, stop_seconds=90)

    def _wait_for_share(self, servers, fine):
        """Until fine(the partitions of these servers, together)."""
        end = time.monotonic() + 60
        while True:
            owned = [partitions(name) for name in servers]
            if None not in owned and fine(sum(owned)):
                return sum(owned)
            if time.monotonic() > end:
                raise RuntimeError(f"partitions of {', '.join(servers)}: {owned}")
            time.sleep(0.5)

    def act(self, keeper):
        whole = self._wait_for_share(parley.NAMES, lambda n: n > 0)
        self.service.start()
        self.service.wait()
        share = self._wait_for_share([self.NAME], lambda n: n > 0)
        self._wait_for_share([*parley.NAMES, self.NAME], lambda n: n == whole)
        time.sleep(self.STAY_S)
        self.service.stop()
        self._wait_for_share(parley.NAMES, lambda n: n == whole)
        return f"{self.NAME}, {share} of {whole} partitions"

    def restore(self, keeper):
        self.service.stop()


class Everything(Fault):
    """All processes at one moment; then they start as on a machine that was switched on."""
    health_s = 600

    def __init__(self):
        super().__init__("SIGKILL of everything")

    def act(self, keeper):
        keeper.kill(list(keeper.services))
        time.sleep(2)
        keeper.come_back(list(keeper.services))
        return f"{len(keeper.services)} processes"


class SlowStore(Fault):
    SECONDS = 30

    def __init__(self):
        super().__init__(f"slow store: region servers stopped 3 of 4 parts of the time, {self.SECONDS} s")

    def act(self, keeper):
        end = time.monotonic() + self.SECONDS
        while time.monotonic() < end:
            keeper.pause(hbase.REGIONS)
            time.sleep(1.5)
            keeper.go_on(hbase.REGIONS)
            time.sleep(0.5)
        return ", ".join(hbase.REGIONS)


class Partition(Fault):
    """Nothing passes between one server and one engine; what was sent meanwhile arrives afterwards."""
    SECONDS = 50
    ENGINES = {"Kafka": kafka.NAMES, "HBase": hbase.GATEWAYS, "Redis": redis.NAMES + redis.SENTINELS}

    def __init__(self, engine):
        super().__init__(f"no network between a parley and {engine}, {self.SECONDS} s")
        self.ports = [places.PORTS[name] for name in self.ENGINES[engine]]
        self.proxy = None

    def _restart(self, keeper, env):
        service = keeper.services[ROLES["parley"]()]
        keeper.kill([service.name])
        service.env = env
        keeper.come_back([service.name])
        time.sleep(3)
        keeper.wait_ready(60)

    def prepare(self, keeper):
        self.proxy = Proxy(self.ports)
        self._restart(keeper, {
            "LD_PRELOAD": os.path.join(place.BUILD, "tests", "cluster", "cluster_redirect.so"),
            "CLUSTER_REDIRECT": ",".join(f"{port}={port + OFFSET}" for port in self.ports)})

    def act(self, keeper):
        self.proxy.cut()
        time.sleep(self.SECONDS)
        self.proxy.join()
        return ROLES["parley"]()

    def restore(self, keeper):
        self._restart(keeper, {})
        if self.proxy:
            self.proxy.end()


class DiskFull(Fault):
    """The log of one broker on a small file system of its own, which is filled."""
    ROOM_MB = 64
    SECONDS = 30

    def __init__(self):
        super().__init__("disk full on a broker")
        self.name_of_broker = kafka.NAMES[2]
        self.log = os.path.join(places.folder("data", self.name_of_broker), "log")

    def _stopped(self, keeper, work):
        keeper.away.add(self.name_of_broker)
        keeper.services[self.name_of_broker].stop()
        try:
            return work()
        finally:
            keeper.come_back([self.name_of_broker])
            time.sleep(2)
            keeper.wait_ready(120)

    def _mount(self):
        used = int(subprocess.run(["du", "-sm", self.log], capture_output=True, text=True, check=True).stdout.split()[0])
        os.rename(self.log, self.log + ".disk")
        os.mkdir(self.log)
        size = f"size={used + self.ROOM_MB}m"
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", self.log], capture_output=True, text=True,
                              check=False)
        if done.returncode:
            os.rmdir(self.log)
            os.rename(self.log + ".disk", self.log)
            return "no file system may be mounted here: " + done.stderr.strip()
        subprocess.run(["cp", "-a", "--sparse=always", self.log + ".disk/.", self.log], check=True)
        return None

    def prepare(self, keeper):
        return self._stopped(keeper, self._mount)

    def act(self, keeper):
        filler = os.path.join(self.log, "filler")
        with open(filler, "wb", buffering=0) as f:
            try:
                while True:
                    f.write(bytes(1 << 16))
            except OSError:
                pass
        time.sleep(self.SECONDS)
        os.remove(filler)
        return self.name_of_broker

    def _unmount(self):
        shutil.rmtree(self.log + ".disk")
        subprocess.run(["cp", "-a", "--sparse=always", self.log + "/.", self.log + ".disk"], check=True)
        subprocess.run(["umount", self.log], check=True)
        os.rmdir(self.log)
        os.rename(self.log + ".disk", self.log)

    def restore(self, keeper):
        if os.path.ismount(self.log):
            self._stopped(keeper, self._unmount)


def everything():
    """All, the most telling first."""
    return [*[Kill(role) for role in ROLES], *[Pause(role) for role in ROLES], *[Kill(*pair) for pair in PAIRS],
            SlowStore(), *[Partition(engine) for engine in Partition.ENGINES], DiskFull(), Join(), Everything()]


def short():
    """For each change: a server, a broker, the store, the routes."""
    return [Kill("parley"), Kill("broker"), Kill("region server"), Kill("Redis primary"), Pause("parley")]


def draw(seed):
    """Without end: faults at random, the same for the same seed."""
    chance = random.Random(seed)
    while True:
        kind = chance.choice(["kill", "kill", "pause", "pair", "any"])
        if kind == "kill":
            yield Kill(chance.choice(list(ROLES)))
        elif kind == "pause":
            yield Pause(chance.choice(list(ROLES)))
        elif kind == "pair":
            yield Kill(*chance.sample(list(ROLES), 2))
        else:
            yield chance.choice([SlowStore(), Join(), *[Partition(engine) for engine in Partition.ENGINES]])
