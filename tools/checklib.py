"""What the checks of tools/check.d share: the files of the repository, and the end of a check."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def files(*suffixes):
    """Paths, as text from the root, of the files that git knows or would know, with one of the suffixes."""
    out = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                         capture_output=True, text=True).stdout.split("\n")
    return sorted(f for f in set(out) if f and f.endswith(suffixes) and (ROOT / f).is_file())


def is_generated(path):
    return "/gen/" in path or "/generated/" in path or path.startswith("protocol/pages/")


def own_c(*suffixes):
    """Hand-written C files; the lists in tbl/ are data and keep their own form."""
    return [f for f in files(*(suffixes or (".c", ".h"))) if not is_generated(f) and "/tbl/" not in f]


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def blank_comments(text):
    """The C text with comments and the insides of strings blanked, so that every position stays."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

    def blank(match):
        s = match.group(0)
        if s[0] in "\"'":
            return s[0] + " " * (len(s) - 2) + s[0]
        return re.sub(r"[^\n]", " ", s)

    return pattern.sub(blank, text)


def finish(problems, advice):
    """Ends the check: each problem a line, then what to do."""
    for problem in problems:
        print(problem)
    if problems:
        print(advice)
    sys.exit(1 if problems else 0)
