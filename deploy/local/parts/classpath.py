# The jars of the Java engines: resolved by Maven once for each pom, kept under .cluster/, so that a second start needs
# no network.
import hashlib
import os
import subprocess

from parts import places
from parts.process import Failed

# Without these Hadoop warns of slower paths; small heaps, one garbage collector thread.
FLAGS = ["--add-opens", "java.base/java.lang=ALL-UNNAMED", "--add-opens", "java.base/java.lang.reflect=ALL-UNNAMED",
         "--add-opens", "java.base/java.nio=ALL-UNNAMED", "-XX:+UseSerialGC", "-Xss512k", "-Xms32m", "-Djava.net.preferIPv4Stack=true", "-Djava.awt.headless=true",
         "-XX:+ExitOnOutOfMemoryError"]
# Of two compilers the quick one: in the first minutes the other takes more CPU than all else, later the code that it made takes
# half. PARLEY_CLUSTER_COMPILERS=both is for what is measured on engines that are warm.
QUICK = ["-XX:TieredStopAtLevel=1", "-XX:ReservedCodeCacheSize=48m"]
BOTH = ["-XX:ReservedCodeCacheSize=128m"]


def of(pom):
    """The class path of deploy/local/POM.pom.xml, as one string."""
    path = os.path.join(places.HERE, pom + ".pom.xml")
    with open(path, "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()[:12]
    kept = os.path.join(places.folder("jars"), f"{pom}-{digest}.cp")
    if not _all_there(kept):
        made = subprocess.run(["mvn", "-q", "-B", "-f", path, "dependency:build-classpath",
                               "-Dmdep.outputFile=" + kept], capture_output=True, text=True, check=False)
        if made.returncode or not _all_there(kept):
            raise Failed(f"{pom}: Maven found not all jars: {made.stdout.strip()[-400:]}")
    with open(kept, encoding="utf-8") as f:
        return f.read().strip()


def _all_there(kept):
    try:
        with open(kept, encoding="utf-8") as f:
            jars = f.read().strip().split(":")
    except OSError:
        return False
    return all(os.path.exists(jar) for jar in jars)


def java(pom, heap, conf, main, *arguments, flags=()):
    """An argument list that runs a main class with the folder conf in front of the jars."""
    compilers = BOTH if os.environ.get("PARLEY_CLUSTER_COMPILERS") == "both" else QUICK
    return ["java", *FLAGS, *compilers, f"-Xmx{heap}m", *flags, "-cp", f"{conf}:{of(pom)}", main, *arguments]
