# The black-box suite through the balancer, and what its clients saw held against every promise.
import glob
import os
import re
import shutil
import subprocess

from cluster import place
from parts import places


def run(files=()):
    """Prints as the suite does; returns (passed, failed)."""
    histories = places.folder("test", "blackbox")
    shutil.rmtree(histories)
    env = {**os.environ, "PARLEY_URL": place.url(), "PARLEY_DIRECT": place.direct_url(), "PARLEY_ROOT": place.ROOT,
           "PARLEY_HISTORY": histories,
           # A message takes some milliseconds more here, and the machine has few cores for 25 processes.
           "PARLEY_TEST_TIMEOUT": os.environ.get("PARLEY_TEST_TIMEOUT", "20000")}
    suite = subprocess.Popen(["node", os.path.join(place.ROOT, "tests", "run.mjs"), "blackbox", *files],
                             stdout=subprocess.PIPE, text=True, env=env)
    passed = failed = 0
    for line in suite.stdout:
        print(line, end="", flush=True)
        found = re.match(r"(\d+) passed, (\d+) failed", line)
        if found:
            passed, failed = int(found[1]), int(found[2])
    if suite.wait() and not failed:
        failed = 1
    for history in sorted(glob.glob(os.path.join(histories, "*.jsonl"))):
        well, said = place.check(history)
        passed, failed = passed + well, failed + (not well)
        if not well:
            print(f"FAIL  {os.path.basename(history)}: a promise is broken\n{said[:6000]}", flush=True)
    well, said = place.verify()
    print(f"{'ok' if well else 'FAIL'}  store verify: {said.strip()[-3000:]}", flush=True)
    return passed + well, failed + (not well)
