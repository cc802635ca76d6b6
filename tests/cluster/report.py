# docs/faults.md: what each fault did, written by the run itself. Rows of earlier runs stay until the fault is run again.
import os
import platform

from cluster import place, runs

DOC = os.path.join(place.ROOT, "docs", "faults.md")
_new = {}

BOUNDS = ["", "## What bounds them", "",
          "| what | why it takes so long |", "|---|---|",
          "| a server that hangs | HAProxy takes it for dead after four checks of 2 s each; the group of owners after 10 s without a heartbeat; the standby after `route.dead_ms`. "
          "Then its clients connect elsewhere, all at once |",
          "| a server that is cut off from Kafka, HBase or Redis | `queue.aside_ms` (5 s) of silence, a question, a rebalance (1 to 3 s), and four checks of "
          "HAProxy ([0019](decisions/0019-stepping-aside.md), [0028](decisions/0028-cut-off-from-the-log.md)) |",
          "| a gateway that hangs | calls on their way wait for 8 s: longer than the gateway itself may take (`hbase.client.operation.timeout`, 5 s), as a write that is given up early is written twice. "
          "Later calls ask it for a sign of life of 500 ms, and take the other |",
          "| a region server | its session in ZooKeeper (5 s), its log split, its regions opened elsewhere, `hbase:meta` before all others; HBase's clients then find them with growing pauses. One that hangs is "
          "waited for by calls that are on their way to it, and the balancer moves regions back once it is there again, a second time with no acks from each |",
          "| a data node that hangs | the writer of a log drops it from its pipeline after `dfs.client.socket-timeout` (10 s) |",
          "| Redis that hangs | one call waits for it (`redis.timeout_ms`, 1 s), the others fail at once and what they would have told comes with `sync`; sentinels take it for dead after 2 s; "
          "whether there is another is looked for twice a second ([0027](decisions/0027-redis-that-does-not-answer.md)) |",
          "| HAProxy | everybody is connected through it; with two of them and an address that moves it is one reconnect |",
          "| after each | what clients wrote meanwhile waits in their outboxes and comes in one wave, and each of them syncs: with 200 clients on a busy machine that alone takes longer than the fault |"]


# Columns of the table that are numbers of a row, and those that are seconds.
NUMBERS = ("clients", "acked", "lost", "twice", "order", "other")
SECONDS = ("longest_gap", "longest_delivery", "health")


def _row(cells):
    """What a line of the table says."""
    row = {"fault": cells[0], "hit": cells[1], "load": cells[11], "date": cells[12], "trouble": []}
    if cells[1].startswith("left out: "):
        return row | {"left_out": cells[1].removeprefix("left out: ")}
    row |= {name: int(cell) for name, cell in zip(NUMBERS, cells[2:8])}
    return row | {name: float(cell) * 1000 for name, cell in zip(SECONDS, cells[8:11])}


def _rows():
    """Those of earlier runs, as the page has them."""
    rows = {}
    try:
        with open(DOC, encoding="utf-8") as f:
            lines = f.read().splitlines()
    except OSError:
        return rows
    for line in lines:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and len(cells) == 13 and cells[0] != "fault":
            rows[cells[0]] = _row(cells)
        for name, row in rows.items():
            if line.startswith(f"- {name}: "):
                row["trouble"].append(line.removeprefix(f"- {name}: "))
    return rows


def add(row):
    """Keeps the row for the page."""
    _new[row["fault"]] = row


def _seconds(ms):
    return f"{ms / 1000:.1f}"


def _machine():
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 30
    return f"{os.cpu_count()} cores, {memory} GB, Linux {platform.release().split('-')[0]}, everything on this one machine"


def write(command, order):
    """Writes the page again, with the rows that were added, in that order of names."""
    known = _rows() | _new
    rows = [known[name] for name in order if name in known] + [row for name, row in known.items() if name not in order]
    lines = ["# Faults on real engines", "",
             "Written by the run itself. Under each fault some hundred clients of HAProxy write, read, edit, make groups and so on; what all of them",
             "asked and saw is held against every promise by `parley-check`, and `store verify` reads the whole store at the end.", "",
             f"`{command}` on {_machine()}. Processes that ended are started again after {_down()} s.", "",
             "*Without an ack*: the longest time in which no client heard of any send. *Delivery*: the longest time from writing a message to its showing on",
             "another device, outages and reconnects included. *Well*: from the fault until every client was connected and no send or delivery took longer",
             "than 2 s (or three times what was usual before, on a machine that is slower), the time of the fault itself included.", "",
             "*Load*: the load average of the machine at the end, this cluster and its clients included. Above 5 or so other work had the cores,",
             "and times are those of a machine that is too small.", "",
             "| fault | what was hit | clients | acked | lost | shown twice | order | other | without an ack, s | delivery, s | well, s | load | date |",
             "|---|---|---|---|---|---|---|---|---|---|---|---|---|"]
    for row in rows:
        if row.get("left_out"):
            lines.append(f"| {row['fault']} | left out: {row['left_out']} | | | | | | | | | | | {row['date']} |")
            continue
        lines.append(f"| {row['fault']} | {row['hit']} | {row['clients']} | {row.get('acked', 0)} | {row['lost']} | {row['twice']} | "
                     f"{row['order']} | {row['other']} | {_seconds(row.get('longest_gap', 0))} | {_seconds(row.get('longest_delivery', 0))} | "
                     f"{_seconds(row.get('health', 0))} | {row.get('load', '')} | {row['date']} |")
    lines += BOUNDS
    failed = [row for row in rows if not runs.passed(row)]
    if failed:
        lines += ["", "**Not as promised:**", ""]
        lines += [f"- {row['fault']}: {' '.join(why.split())[:400]}" for row in failed for why in row["trouble"]]
    missing = [name for name in order if name not in known]
    if missing:
        lines += ["", "Not run yet: " + "; ".join(missing) + "."]
    with open(DOC, "w", encoding="utf-8") as f:
        f.write("\n".join(lines) + "\n")


def _down():
    from cluster import faults
    return faults.DOWN_S
