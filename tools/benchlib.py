# What the measurements of tools/bench and tools/bench-cluster share: figures by round, tables, the page they go to.
import os
import platform
import re
import statistics
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DOC = os.path.join(ROOT, "docs/performance.md")
END = "<!-- end of figures -->"


def run(command):
    """The figures that a measurement prints."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(command[1:])} failed")
    return figures_of(done.stdout)


def figures_of(text):
    """By name; one that is printed several times is the mean."""
    figures = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) >= 2:
            figures.setdefault(words[0], []).append(float(words[1]))
    return {name: statistics.fmean(values) for name, values in figures.items()}


class Figures:
    """What each measurement gave in each round."""

    def __init__(self):
        self.rounds = {}

    def add(self, name, figures):
        self.rounds.setdefault(name, []).append(figures)

    def values(self, name, figure):
        return [f[figure] for f in self.rounds.get(name, []) if figure in f]

    def per(self, name, figure, floor, scale=1.0):
        """The ratio to the floor of the same round."""
        floors = [f[floor] for f in self.rounds["floor"]]
        return [scale * v / f for v, f in zip(self.values(name, figure), floors)]


def show(value):
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def verdict(value, must, good):
    def within(bound):
        return value >= -bound if bound < 0 else value <= bound
    return "good" if within(good) else "must" if within(must) else "**missed**"


def markdown(rows):
    lines = ["| what | must | good | median | least – most | |", "|---|---|---|---|---|---|"]
    for what, values, unit, must, good in rows:
        middle = statistics.median(values)
        spread = f"{show(min(values))} – {show(max(values))}" if len(values) > 1 else ""
        lines.append(f"| {what} | {show(abs(must))} {unit} | {show(abs(good))} {unit} | {show(middle)} {unit} | {spread} | "
                     f"{verdict(middle, must, good)} |")
    return "\n".join(lines)


def details(figures):
    """Every figure of every measurement, for whoever wants to look behind the table."""
    lines = ["| measurement | figure | median | least – most |", "|---|---|---|---|"]
    for name, rounds in figures.rounds.items():
        for figure in dict.fromkeys(key for r in rounds for key in r):
            values = figures.values(name, figure)
            lines.append(f"| {name} | {figure} | {show(statistics.median(values))} | "
                         f"{show(min(values))} – {show(max(values))} |")
    return "\n".join(lines)


def host(load):
    """The machine, the revision, and how busy it was."""
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        cpu = re.search(r"model name\s*: (.*)", f.read())
    with open("/proc/meminfo", encoding="utf-8") as f:
        memory = int(re.search(r"MemTotal:\s+(\d+)", f.read()).group(1)) // 1048576
    commit = subprocess.run(["git", "-C", ROOT, "describe", "--always", "--dirty"], stdout=subprocess.PIPE, text=True,
                            check=False)
    return (f"revision {commit.stdout.strip()}. {cpu.group(1) if cpu else '?'} ({os.cpu_count()} cores), {memory} GiB, "
            f"Linux {platform.release()}. Load average before the run {load[0]:.1f}, after it {os.getloadavg()[0]:.1f}.")


def write_doc(text, begin):
    doc = open(DOC).read()
    before, rest = doc.split(begin, 1)
    after = rest.split(END, 1)[1]
    with open(DOC, "w") as f:
        f.write(f"{before}{begin}\n\n{text}\n\n{END}{after}")
