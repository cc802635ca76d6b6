# The commands of the local cluster.
import os
import shutil
import signal
import sys

from parts import haproxy, hbase, hdfs, kafka, parley, places, redis
from parts.process import Failed

USAGE = """usage: cluster up [--engines] [-o section.key=value]…   start everything (or the engines alone) and wait for it
       cluster down                     end everything in good order
       cluster status                   what runs, with its memory
       cluster logs NAME                the log of one
       cluster kill|stop|cont NAME      SIGKILL, SIGSTOP, SIGCONT to one
       cluster start NAME               start one again and wait for it
       cluster clean                    end everything and remove its state
"""


def engine_groups():
    """In the order of their start; those of a group start together."""
    return [
        [hbase.zookeeper(), hdfs.namenode(), *kafka.services(), *redis.services()],
        hdfs.datanodes(),
        hbase.servers(),
    ]


def groups(options=()):
    return [*engine_groups(), parley.services(options), haproxy.services()]


def everything(options=()):
    return {service.name: service for group in groups(options) for service in group}


def _options_path():
    return os.path.join(places.folder("conf"), "options")


def kept_options():
    """The -o of the last `up`, so that `start NAME` uses them too."""
    try:
        with open(_options_path(), encoding="utf-8") as f:
            return f.read().split("\n")[:-1]
    except OSError:
        return []


def _start(wanted):
    for group in wanted:
        for service in group:
            service.start()
        for service in group:
            service.wait()
            print(f"{service.name}: ready", flush=True)


def _up(arguments):
    options = []
    engines = False
    while arguments:
        word = arguments.pop(0)
        if word == "--engines":
            engines = True
        elif word == "-o" and arguments:
            options.append(arguments.pop(0))
        else:
            raise Failed(f"up: what is {word}? There are --engines and -o section.key=value")
    places.write(_options_path(), "".join(option + "\n" for option in options))
    if engines:
        _start(engine_groups())
        print("cluster: engines ready")
        return
    parley.program()
    _start(engine_groups())
    parley.prepare()
    _start([parley.services(options), haproxy.services()])
    print(f"parley: ready http://{places.address('haproxy')}")


def _down():
    for group in reversed(groups()):
        for service in group:
            if service.paused():
                service.signal(signal.SIGCONT)
        for service in group:
            service.stop()


def _status():
    total = 0
    for name, service in everything().items():
        pid = service.pid()
        memory = service.memory_mb() if pid else 0
        total += memory
        state = "stopped" if pid and service.paused() else "runs" if pid and service.ready() else \
            "not ready" if pid else "down"
        print(f"{name:12} {state:10} {pid or '-':>8} {memory:6} MB")
    print(f"{'together':12} {'':10} {'':>8} {total:6} MB")


def _one(name):
    services = everything(kept_options())
    if name not in services:
        raise Failed(f"there is no {name}; there are: {' '.join(services)}")
    return services[name]


def main(arguments):
    """Returns the exit code."""
    if not arguments or arguments[0] in ("help", "--help"):
        print(USAGE, end="")
        return 0 if arguments else 2
    command, rest = arguments[0], arguments[1:]
    try:
        if command == "up":
            _up(rest)
        elif command == "down" and not rest:
            _down()
        elif command == "clean" and not rest:
            _down()
            shutil.rmtree(places.STATE, ignore_errors=True)
        elif command == "status" and not rest:
            _status()
        elif command == "logs" and len(rest) == 1:
            with open(_one(rest[0]).log, encoding="utf-8", errors="replace") as f:
                shutil.copyfileobj(f, sys.stdout)
        elif command == "kill" and len(rest) == 1:
            _one(rest[0]).kill()
        elif command in ("stop", "cont") and len(rest) == 1:
            _one(rest[0]).signal(signal.SIGSTOP if command == "stop" else signal.SIGCONT)
        elif command == "start" and len(rest) == 1:
            service = _one(rest[0])
            service.start()
            service.wait()
        else:
            print(USAGE, end="", file=sys.stderr)
            return 2
    except Failed as failed:
        print(f"cluster: {failed}", file=sys.stderr)
        return 1
    return 0
