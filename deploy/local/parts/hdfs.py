# HDFS: one name node, three data nodes; what HBase syncs is on the disks of all three.
import os
import subprocess

from parts import classpath, places
from parts.process import Failed, Service, port_answers

DATANODES = ["datanode-1", "datanode-2", "datanode-3"]


def site(properties):
    """A Hadoop configuration file."""
    rows = "".join(f"  <property><name>{k}</name><value>{v}</value></property>\n" for k, v in properties.items())
    return f'<?xml version="1.0"?>\n<configuration>\n{rows}</configuration>\n'


def logging(conf):
    places.write(os.path.join(conf, "log4j.properties"), """log4j.rootLogger=WARN,out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d{ISO8601} %p %c{1}: %m%n
""")


def configure(name, **more):
    """The folder of configuration of one process of HDFS or HBase."""
    conf = places.folder("conf", name)
    logging(conf)
    # Their web pages are in no jar, and they end when they find no folder for them.
    places.folder("conf", name, "webapps", "hdfs")
    places.folder("conf", name, "webapps", "datanode")
    places.write(os.path.join(conf, "core-site.xml"), site({
        "fs.defaultFS": "hdfs://" + places.address("namenode"),
        "hadoop.tmp.dir": places.folder("data", "tmp"),
        "ipc.client.connect.max.retries": 3,
        "ipc.client.connect.timeout": 2000,
    }))
    places.write(os.path.join(conf, "hdfs-site.xml"), site({
        "dfs.namenode.name.dir": "file://" + places.folder("data", "namenode", "name"),
        "dfs.replication": 3,
        "dfs.permissions.enabled": "false",
        "dfs.namenode.rpc-address": places.address("namenode"),
        "dfs.namenode.http-address": places.address("namenode http"),
        "dfs.namenode.datanode.registration.ip-hostname-check": "false",
        "dfs.datanode.hostname": "localhost",
        "dfs.client.block.write.replace-datanode-on-failure.enable": "false",
        "dfs.datanode.synconclose": "true",
        "dfs.datanode.sync.behind.writes": "true",
        "dfs.heartbeat.interval": 1,
        "dfs.namenode.heartbeat.recheck-interval": 5000,
        "dfs.namenode.stale.datanode.interval": 5000,
        "dfs.namenode.avoid.read.stale.datanode": "true",
        "dfs.namenode.avoid.write.stale.datanode": "true",
        "dfs.namenode.safemode.extension": 0,
        "dfs.namenode.handler.count": 8,
        "dfs.datanode.handler.count": 8,
        "dfs.client.socket-timeout": 10000,
        **more,
    }))
    return conf


def _namenode():
    conf = configure("namenode")
    if not os.path.exists(os.path.join(places.folder("data", "namenode", "name"), "current", "VERSION")):
        made = subprocess.run(
            classpath.java("hbase", 192, conf, "org.apache.hadoop.hdfs.server.namenode.NameNode", "-format",
                           "-nonInteractive"), capture_output=True, text=True, check=False)
        if made.returncode:
            raise Failed(f"namenode: cannot be formatted: {made.stderr.strip()[-400:]}")
    return classpath.java("hbase", 192, conf, "org.apache.hadoop.hdfs.server.namenode.NameNode")


def _datanode(name):
    conf = configure(name, **{
        "dfs.datanode.data.dir": "file://" + places.folder("data", name, "blocks"),
        "dfs.datanode.address": places.address(name),
        "dfs.datanode.ipc.address": places.address(name + " ipc"),
        "dfs.datanode.http.address": places.address(name + " http"),
    })
    return classpath.java("hbase", 160, conf, "org.apache.hadoop.hdfs.server.datanode.DataNode")


def namenode():
    return Service("namenode", _namenode)


def datanodes():
    return [Service(name, lambda name=name: _datanode(name), ready=lambda name=name: port_answers(name + " ipc"))
            for name in DATANODES]
