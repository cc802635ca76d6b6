# HBase: ZooKeeper, a master, two region servers that sync their logs to the disks of three data nodes, two gateways.
import os
import socket

from parts import classpath, hdfs, places
from parts.process import Service

REGIONS = ["region-1", "region-2"]
GATEWAYS = ["thrift-1", "thrift-2"]


def _zookeeper():
    conf = places.folder("conf", "zookeeper")
    hdfs.logging(conf)
    path = places.write(os.path.join(conf, "zoo.cfg"), f"""dataDir={places.folder("data", "zookeeper", "data")}
clientPort={places.PORTS["zookeeper"]}
clientPortAddress={places.HOST}
tickTime=1000
admin.enableServer=false
maxClientCnxns=0
""")
    return classpath.java("hbase", 96, conf, "org.apache.zookeeper.server.ZooKeeperServerMain", path)


def _configure(name, **more):
    conf = hdfs.configure(name)
    places.write(os.path.join(conf, "hbase-site.xml"), hdfs.site({
        "hbase.rootdir": f"hdfs://{places.address('namenode')}/hbase",
        "hbase.cluster.distributed": "true",
        "hbase.tmp.dir": places.folder("data", "tmp"),
        "hbase.zookeeper.quorum": places.HOST,
        "hbase.zookeeper.property.clientPort": places.PORTS["zookeeper"],
        "zookeeper.session.timeout": 5000,
        "hbase.master.hostname": "localhost",
        "hbase.unsafe.regionserver.hostname": "localhost",
        "hbase.master.ipc.address": places.HOST,
        "hbase.regionserver.ipc.address": places.HOST,
        "hbase.master.port": places.PORTS["hmaster"],
        "hbase.master.info.port": -1,
        "hbase.regionserver.info.port": -1,
        "hbase.regionserver.handler.count": 16,
        # The master asks meta where it was, too: a region server that hangs would hold up its own replacement.
        "hbase.rpc.timeout": 5000,
        "hbase.wal.hsync": "true",
        "hbase.hregion.memstore.flush.size": 33554432,
        "hbase.regionserver.hlog.blocksize": 33554432,
        "hfile.block.cache.size": 0.3,
        "hbase.procedure.remote.dispatcher.delay.msec": 20,
        "hbase.lease.recovery.first.pause": 300,
        "hbase.lease.recovery.pause": 200,
        "hbase.regionserver.msginterval": 1000,
        "hbase.balancer.period": 15000,
        "hbase.master.wait.on.regionservers.mintostart": 2,
        "hbase.master.wait.on.regionservers.timeout": 3000,
        **more,
    }))
    return conf


def _master():
    conf = _configure("hmaster")
    return classpath.java("hbase", 320, conf, "org.apache.hadoop.hbase.master.HMaster", "start")


def _region(name):
    conf = _configure(name, **{"hbase.regionserver.port": places.PORTS[name]})
    return classpath.java("hbase", 640, conf, "org.apache.hadoop.hbase.regionserver.HRegionServer", "start")


def _gateway(name):
    conf = _configure(name, **{
        "hbase.rpc.timeout": 3000,
        "hbase.client.operation.timeout": 5000,
        "hbase.client.scanner.timeout.period": 5000,
        "hbase.client.meta.operation.timeout": 15000,
        "hbase.client.retries.number": 12,
        "hbase.client.pause": 50,
        "hbase.regionserver.thrift.compact": "true",
        "hbase.regionserver.thrift.ipaddress": places.HOST,
        "hbase.thrift.info.port": -1,
        "hbase.thrift.minWorkerThreads": 32,
        "hbase.thrift.maxWorkerThreads": 128,
    })
    return classpath.java("hbase", 320, conf, "org.apache.hadoop.hbase.thrift2.ThriftServer", "-threadpool", "-c",
                          "-b", places.HOST, "-p", str(places.PORTS[name]), "start")


# A call of listNamespaces in Thrift's compact protocol, its answer of success, and how that answer begins its list.
_ASK = b"\x82\x21\x00\x0elistNamespaces\x00"
_SAYS = b"\x82\x41\x00\x0elistNamespaces\x09\x00"


def answers(name):
    """The gateway asks the master, which answers only when it serves: an open port says neither."""
    try:
        with socket.create_connection((places.HOST, places.PORTS[name]), 1) as gateway:
            gateway.settimeout(10)
            gateway.sendall(_ASK)
            said = b""
            while len(said) < len(_SAYS):
                more = gateway.recv(4096)
                if not more:
                    return False
                said += more
            return said.startswith(_SAYS)
    except OSError:
        return False


def zookeeper():
    return Service("zookeeper", _zookeeper)


def servers():
    """Master, region servers and gateways: started together, they wait for each other."""
    return [Service("hmaster", _master, seconds=120),
            *[Service(name, lambda name=name: _region(name), seconds=120) for name in REGIONS],
            *[Service(name, lambda name=name: _gateway(name), ready=lambda name=name: answers(name), seconds=180)
              for name in GATEWAYS]]
