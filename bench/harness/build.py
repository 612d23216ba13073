"""programs.txt and programs/*.c -> for each program a shared object and a WebAssembly module, both by the same clang.

Both at -O3 from the same source, without contraction of floating point, so that checksums agree. The module uses
WebAssembly 2.0 without SIMD. Built again only when a source or a flag changed.
"""
import hashlib
import shutil
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
PROGRAMS = HERE / "programs"
COMMON = ["-std=c11", "-O3", "-ffp-contract=off", "-fno-math-errno", "-Wall", "-Wextra", "-Werror"]
NATIVE = ["-shared", "-fPIC", "-fvisibility=hidden"]
WASM = ["--target=wasm32", "-mcpu=mvp", "-mmutable-globals", "-msign-ext", "-mnontrapping-fptoint", "-mbulk-memory",
        "-ffreestanding", "-c"]
LINK = ["--no-entry", "--export=bench_run", "--stack-first", "-z", "stack-size=1048576", "--strip-debug"]


class Program:
    def __init__(self, name, scale, what):
        self.name, self.scale, self.what = name, scale, what


def programs():
    found = []
    for line in (HERE / "programs.txt").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            name, scale, what = line.split(None, 2)
            found.append(Program(name, int(scale), what))
    return found


def tool(*names):
    for name in names:
        if shutil.which(name):
            return name
    raise SystemExit(f"bench: no {' or '.join(names)} here (tools/setup bench)")


def build(program, work):
    """Compiles what is out of date; gives the program its `native` and `wasm` files."""
    clang, linker = tool("clang-19", "clang"), tool("wasm-ld-19", "wasm-ld")
    source = PROGRAMS / f"{program.name}.c"
    program.native, program.wasm = work / f"{program.name}.so", work / f"{program.name}.wasm"
    commands = [
        [clang, *COMMON, *NATIVE, str(source), "-lm", "-o", str(program.native)],
        [clang, *COMMON, *WASM, str(source), "-o", str(work / f"{program.name}.o")],
        [linker, *LINK, str(work / f"{program.name}.o"), "-o", str(program.wasm)],
    ]
    state = hashlib.sha256(repr(commands).encode())
    for file in [source, *sorted(PROGRAMS.glob("*.h"))]:
        state.update(file.read_bytes())
    stamp = work / f"{program.name}.stamp"
    if program.wasm.exists() and stamp.exists() and stamp.read_text() == state.hexdigest():
        return
    for command in commands:
        subprocess.run(command, check=True)
    stamp.write_text(state.hexdigest())
