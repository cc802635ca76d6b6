# Fault runs: one fault under the load of hundreds of clients, then every promise checked, and the store.
import os
import re
import subprocess
import time

from cluster import place
from cluster.load import Load

WARM_S = 60
# So long all must be well to be called so: what an engine does when it comes back may come a little later.
WELL_MS = 15000
# What a broken rule of parley-check means in the report; all others are counted as "other".
LOST = ("acked", "dense", "healed", "stuck")
TWICE = ("cmid-once", "one-answer", "same-answer", "conflict")
ORDER = ("ts-rises", "answer-order", "effect-order", "answer-first", "event-hole", "same-entry")


def _count(found):
    """Violations by their meaning."""
    counts = {"lost": 0, "twice": 0, "order": 0, "other": 0}
    rules = dict.fromkeys(LOST, "lost") | dict.fromkeys(TWICE, "twice") | dict.fromkeys(ORDER, "order")
    for line in found.splitlines():
        rule = re.match(r"([a-z-]+): ", line)
        if rule:
            counts[rules.get(rule[1], "other")] += 1
    return counts


def run(fault, keeper, clients, rate, seed, verify=True):
    """Returns the row of the report. verify: reads the whole store after it."""
    began = time.time()
    row = {"fault": fault.name, "hit": "", "clients": clients, "trouble": [], "date": time.strftime("%Y-%m-%d"),
           "lost": 0, "twice": 0, "order": 0, "other": 0}
    late = keeper.wait_ready(240)
    if late:
        row["trouble"].append(f"not ready before it began: {' '.join(late)}")
    try:
        row["left_out"] = fault.prepare(keeper)
        if not row["left_out"]:
            load = Load(_file_name(fault.name), clients, rate, seed)
            try:
                _under_load(fault, keeper, row, load, verify)
            finally:
                load.end()
    except (OSError, RuntimeError, subprocess.SubprocessError) as failed:
        row["trouble"].append(f"{type(failed).__name__}: {failed}")
    finally:
        fault.restore(keeper)
    row["seconds"] = round(time.time() - began)
    return row


def _file_name(name):
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]


def _under_load(fault, keeper, row, load, verify):
    clients = row["clients"]
    load.wait(lambda now: now["online"] == clients and now["well_for"] > 5000 and now["acked"] > clients / 4, WARM_S)
    before = load.now
    # What counts as slow depends on the machine: three times what is usual before the fault.
    slow = max(2000, 3 * before.get("p99", 0))
    load.say(f"slow {slow}")
    load.say("fault " + fault.name)
    row["slow_ms"] = slow
    row["hit"] = fault.act(keeper)
    load.say("heal")
    if not load.wait(lambda now: now["well_for"] > WELL_MS, fault.health_s):
        row["trouble"].append(f"not well after {fault.health_s} s: {load.now}")
    after = dict(load.now)
    code = load.finish(700)
    if code:
        row["trouble"].append(f"the load ended with {code}: {load.said()}")
    for key in ("acked", "delivered"):
        row[key] = load.now.get(key, 0)
    for key in ("longest_gap", "longest_ack", "longest_delivery"):
        row[key] = load.now.get(key, 0)
    row["health"] = after.get("health", 0)
    row["load"] = f"{os.getloadavg()[0]:.0f}"
    late = keeper.wait_ready(240)
    if late:
        row["trouble"].append(f"never ready again: {' '.join(late)}")
    well, found = place.check(load.history)
    row.update(_count(found))
    if not well:
        row["trouble"].append("parley-check: " + found[:3000])
    elif row["acked"] == 0:
        row["trouble"].append("nothing was acked")
    well, found = place.verify() if verify else (True, "")
    if not well:
        row["trouble"].append("store verify: " + found[-2000:])
    if not row["trouble"]:
        os.remove(load.history)


def passed(row):
    return not row["trouble"]


def line(row):
    """A row for people who watch."""
    if row.get("left_out"):
        return f"left out  {row['fault']}: {row['left_out']}"
    verdict = "ok  " if passed(row) else "FAIL"
    text = (f"{verdict}  {row['fault']} ({row['hit']}): {row.get('acked', 0)} acked, lost {row['lost']}, twice {row['twice']}, "
            f"order {row['order']}, other {row['other']}; longest without an ack {row.get('longest_gap', 0) / 1000:.1f} s, "
            f"longest delivery {row.get('longest_delivery', 0) / 1000:.1f} s, well after {row.get('health', 0) / 1000:.1f} s "
            f"({row['seconds']} s)")
    return "\n      ".join([text, *row["trouble"]])
