# Kafka: three brokers that are controllers too. A record is acked when two of three have it.
import os
import subprocess

from parts import classpath, places
from parts.process import Failed, Service, port_answers

NAMES = ["kafka-1", "kafka-2", "kafka-3"]


def _properties(name):
    number = NAMES.index(name) + 1
    voters = ",".join(f"{i + 1}@{places.address(n + ' controller')}" for i, n in enumerate(NAMES))
    return f"""process.roles=broker,controller
node.id={number}
controller.quorum.voters={voters}
listeners=PLAINTEXT://{places.address(name)},CONTROLLER://{places.address(name + " controller")}
advertised.listeners=PLAINTEXT://{places.address(name)}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs={places.folder("data", name, "log")}
default.replication.factor=3
min.insync.replicas=2
offsets.topic.num.partitions=10
transaction.state.log.num.partitions=3
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
log.message.timestamp.type=LogAppendTime
unclean.leader.election.enable=false
leader.imbalance.check.interval.seconds=30
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=16777216
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
"""


def _logging(conf):
    places.write(os.path.join(conf, "log4j2.properties"), """status=error
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d{ISO8601} %p %c{1}: %m%n
rootLogger.level=warn
rootLogger.appenderRef.out.ref=out
""")
    return [f"-Dlog4j2.configurationFile={conf}/log4j2.properties"]


def _tool(conf, *arguments):
    made = subprocess.run(classpath.java("kafka", 128, conf, "kafka.tools.StorageTool", *arguments,
                                         flags=_logging(conf)), capture_output=True, text=True, check=False)
    if made.returncode:
        raise Failed(f"kafka: the log folder cannot be made: {made.stderr.strip()[-400:]}")
    return made.stdout.strip().split("\n")[-1]


def _cluster_id(conf):
    kept = os.path.join(places.folder("data"), "kafka-id")
    if not os.path.exists(kept):
        places.write(kept, _tool(conf, "random-uuid"))
    with open(kept, encoding="utf-8") as f:
        return f.read().strip()


def _command(name):
    conf = places.folder("conf", name)
    properties = places.write(os.path.join(conf, "server.properties"), _properties(name))
    flags = _logging(conf)
    if not os.path.exists(os.path.join(places.folder("data", name, "log"), "meta.properties")):
        _tool(conf, "format", "-t", _cluster_id(conf), "-c", properties, "--ignore-formatted")
    return classpath.java("kafka", 256, conf, "kafka.Kafka", properties, flags=flags)


def services():
    # A broker opens its port before it serves, but not before it has joined the others.
    return [Service(name, lambda name=name: _command(name), ready=lambda name=name: port_answers(name))
            for name in NAMES]
