# docs/faults.md: what each fault did, written by the run itself. Rows of earlier runs stay until the fault is run again.
import json
import os
import platform

from cluster import place, runs
from parts import places

DOC = os.path.join(place.ROOT, "docs", "faults.md")


def _kept():
    return os.path.join(places.folder("test"), "faults.json")


def _rows():
    try:
        with open(_kept(), encoding="utf-8") as f:
            return json.load(f)
    except OSError:
        return {}


def add(row):
    """Keeps the row for the report."""
    rows = _rows()
    rows[row["fault"]] = row
    places.write(_kept(), json.dumps(rows))


def _seconds(ms):
    return f"{ms / 1000:.1f}"


def _machine():
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    return f"{os.cpu_count()} cores, {memory} GB, Linux {platform.release().split('-')[0]}, everything on this one machine"


def write(command, order):
    """Writes the page from all rows that are kept, in that order of names."""
    rows = _rows()
    rows = [rows[name] for name in order if name in rows] + [row for name, row in rows.items() if name not in order]
    lines = ["# Faults on real engines", "",
             "Written by the run itself. Under each fault some hundred clients of HAProxy write, read, edit, make groups and so on; what all of them",
             "asked and saw is held against every promise by `parley-check`, and `store verify` reads the whole store at the end.", "",
             f"`{command}` on {_machine()}. Processes that ended are started again after {_down()} s.", "",
             "*Without an ack*: the longest time in which no client heard of any send. *Delivery*: the longest time from writing a message to its showing on",
             "another device, outages and reconnects included. *Well*: from the fault until every client was connected and no send or delivery took longer",
             "than 2 s (or three times what was usual before, on a machine that is slower), the time of the fault itself included.", "",
             "| fault | what was hit | clients | acked | lost | shown twice | order | other | without an ack, s | delivery, s | well, s | date |",
             "|---|---|---|---|---|---|---|---|---|---|---|---|"]
    for row in rows:
        if row.get("left_out"):
            lines.append(f"| {row['fault']} | left out: {row['left_out']} | | | | | | | | | | {row['date']} |")
            continue
        lines.append(f"| {row['fault']} | {row['hit']} | {row['clients']} | {row.get('acked', 0)} | {row['lost']} | {row['twice']} | "
                     f"{row['order']} | {row['other']} | {_seconds(row.get('longest_gap', 0))} | {_seconds(row.get('longest_delivery', 0))} | "
                     f"{_seconds(row.get('health', 0))} | {row['date']} |")
    failed = [row for row in rows if not runs.passed(row)]
    if failed:
        lines += ["", "**Not as promised:**", ""]
        lines += [f"- {row['fault']}: {' '.join(why.split())[:400]}" for row in failed for why in row["trouble"]]
    missing = [name for name in order if name not in _rows()]
    if missing:
        lines += ["", "Not run yet: " + "; ".join(missing) + "."]
    with open(DOC, "w", encoding="utf-8") as f:
        f.write("\n".join(lines) + "\n")


def _down():
    from cluster import faults
    return faults.DOWN_S
