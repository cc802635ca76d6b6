# Where the tests of a cluster find things: the project, the program, the running cluster, and how it is started for them.
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "deploy", "local"))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))
PARLEY = os.environ.setdefault("PARLEY_BIN", os.path.join(BUILD, "parley"))
CHECK = os.path.join(BUILD, "parley-check")

# pylint: disable=wrong-import-position
from parts import commands, parley, places  # noqa: E402

# What tests/lib/server.ts gives the servers that it starts; and everybody comes from one address.
OPTIONS = ["auth.argon2_mem_kib=8", "auth.argon2_ops=1", "limits.sends_per_second=0", "limits.ops_per_second=0",
           "limits.registrations_per_minute=0"]


def url():
    return "http://" + places.address("haproxy")


def direct_url():
    """One server, past the balancer."""
    return "http://" + places.address(parley.NAMES[0])


def up():
    """Starts everything with the options of tests. True when it was down: then it is ours to end."""
    was_up = bool(commands.everything()["haproxy"].pid())
    words = [word for option in OPTIONS for word in ("-o", option)]
    if commands.main(["up", *words]):
        raise SystemExit("cluster-test: the cluster does not come up")
    return not was_up


def down():
    commands.main(["down"])


def check(history):
    """Holds a history against every promise: (all is well, what was found)."""
    done = subprocess.run([CHECK, history], capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def verify():
    """`store verify` of the cluster's store: (all is well, what was found)."""
    done = subprocess.run([PARLEY, "store", "verify", "--config", parley.configuration()], capture_output=True,
                          text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr
