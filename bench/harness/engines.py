"""Engines as processes: a command a line in, a reply a line out (runners/runner.h has the protocol).

Only one of them works at a time; the others wait for their next line. So all engines run a program in turn, round by
round, and what disturbs the machine for a while disturbs all alike.
"""
import select
import shutil
import subprocess

from .build import HERE

RUNNERS = HERE / "runners"


class Failed(Exception):
    pass


class Process:
    """One engine with one program in it."""

    def __init__(self, command, timeout):
        self.timeout = timeout
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, bufsize=0)

    def ask(self, command):
        """-> (wall, cpu, checksum), times in nanoseconds."""
        try:
            self.process.stdin.write(f"{command}\n".encode())
        except BrokenPipeError:
            raise Failed("ended") from None
        if not select.select([self.process.stdout], [], [], self.timeout)[0]:
            raise Failed(f"no answer in {self.timeout} s")
        reply = self.process.stdout.readline().decode().strip()
        if not reply or reply.startswith("error"):
            raise Failed(reply[6:] or "ended")
        wall, cpu, checksum = reply.split()
        return int(wall), int(cpu), checksum

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Engine:
    def __init__(self, name, command, what):
        self.name, self.command, self.what = name, command, what

    def start(self, timeout=120):
        return Process(self.command, timeout)


def engines(build):
    """-> the engines that are here, and a line for each that is not."""
    here, missing = [], []
    for name in ("native", "sandglass"):
        if not (build / "bench" / f"run-{name}").exists():
            raise SystemExit(f"bench: {build} has no bench/run-{name}: build it first (make)")
    here.append(Engine("native", [str(build / "bench" / "run-native")], "clang -O3"))
    ours = str(build / "bench" / "run-sandglass")
    here.append(Engine("sandglass", [ours], "the interpreter, no limit on fuel"))
    here.append(Engine("sandglass+fuel", [ours, "--fuel"], "the interpreter, fuel limited"))
    node = shutil.which("node")
    if node:
        script = str(RUNNERS / "v8.js")
        here.append(Engine("v8", [node, "--no-liftoff", script], "TurboFan from the start"))
        here.append(Engine("v8-liftoff", [node, "--liftoff-only", script], "the baseline compiler alone"))
    else:
        missing.append("v8: no node")
    return here, missing
