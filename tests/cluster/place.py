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


def _start(options):
    words = [word for option in options for word in ("-o", option)]
    if commands.main(["up", *words]):
        raise SystemExit("cluster-test: the cluster does not come up")


def up():
    """Starts everything with the options of tests. Returns what down() needs to leave it as it was found."""
    found = commands.kept_options() if commands.everything()["haproxy"].pid() else None
    if found is not None and found != OPTIONS:
        _end_servers()
    _start(OPTIONS)
    return found


def _end_servers():
    """They have the options that they were started with."""
    for name in parley.NAMES:
        commands.everything()[name].stop()


def down(found):
    """Ends everything, if it was down before; else the servers have their own options again."""
    if found is None:
        commands.main(["down"])
    elif found != OPTIONS:
        _end_servers()
        _start(found)


def check(history):
    """Holds a history against every promise: (all is well, what was found)."""
    done = subprocess.run([CHECK, history], capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def verify():
    """`store verify` of the cluster's store: (all is well, what was found)."""
    done = subprocess.run([PARLEY, "store", "verify", "--config", parley.configuration()], capture_output=True,
                          text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr
