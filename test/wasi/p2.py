#!/usr/bin/env python3
"""The cases of WASI 0.2:   p2.py cases TABLE | p2.py wasmtime GUEST.wasm CASES

cases     -> the cases of a table without results, one a line; `wasi_p2 GUEST.wasm CASES record` adds what Sandglass answers
wasmtime  runs CASES under Wasmtime (pip install wasmtime) and prints them again: where it answers otherwise, that
          stands behind '|' (cases.h and steps.h say what a line means)
"""
import ctypes
import itertools
import sys

import p1
import sockets


# ---- wasi:filesystem ----
# 3 is a directory, 4 another, read-only; 5, 6, 7 are a file to read, to write, for both; 8 and 9 a directory below 3,
# 9 with mutate-directory; 10 a file of 4. The next handle is 11.

FILES_PRELUDE = ["get-directories", 'open-at 3 {} "a.txt" {} {read}', 'open-at 3 {} "a.txt" {} {write}',
                 'open-at 3 {} "a.txt" {} {read write}', 'open-at 3 {} "d" {directory} {read}',
                 'open-at 3 {} "d" {directory} {read mutate-directory}', 'open-at 4 {} "b.txt" {} {read}']
HUGE = [9223372036854775807, 9223372036854775808, 18446744073709551615]

EXTREMES = [(0, 0), (0, 4), (0, 100), (8, 4), (10, 4), (100, 4), (0, HUGE[0]), (0, HUGE[1]), (0, HUGE[2]), (HUGE[0], 0), (HUGE[0], 4),
            (HUGE[0], HUGE[0]), (HUGE[1], 0), (HUGE[1], 4), (HUGE[2], 0), (HUGE[2], 4), (HUGE[2], HUGE[2])]
ADVICES = ["normal", "sequential", "random", "will-need", "dont-need", "no-reuse"]
BELOW = ['"f"', '"b.txt"', '"d"', '"e"', '"."', '".."', '"../a.txt"', '"e/../../a.txt"', '"new"']


def files():
    yield ": " + " ; ".join(FILES_PRELUDE)
    yield from paths()
    yield from descriptors()


def paths():
    """Every path with every function that takes one."""
    for path in p1.texts():
        yield f"create-directory-at 3 {path}"
        yield f"remove-directory-at 3 {path}"
        yield f"unlink-file-at 3 {path}"
        yield f"readlink-at 3 {path}"
        for follow in "{}", "{symlink-follow}":
            yield f"stat-at 3 {follow} {path}"
            yield f"metadata-hash-at 3 {follow} {path}"
            yield f"set-times-at 3 {follow} {path} 5 6 7 8 ; stat-at 3 {follow} {path}"
            for how in "", "create", "directory", "create exclusive", "truncate", "create truncate":
                yield f"open-at 3 {follow} {path} {{{how}}} {{read}}"
            yield f"open-at 3 {follow} {path} {{}} {{write}}"
            yield f"open-at 3 {follow} {path} {{create}} {{read write}}"
            yield f"open-at 3 {follow} {path} {{directory}} {{read mutate-directory}}"
            yield f'link-at 3 {follow} {path} 3 "target"'
        yield f'rename-at 3 {path} 3 "target"'
        yield f'rename-at 3 "a.txt" 3 {path}'
        yield f'rename-at 3 "d" 3 {path}'
        yield f'link-at 3 {{}} "a.txt" 3 {path}'
        yield f'symlink-at 3 "a.txt" {path}'
        yield f'symlink-at 3 {path} "d/target"'


def descriptors():
    """Every kind of descriptor with every function."""
    for fd in range(3, 11):
        yield from [
            f"get-type {fd}", f"get-flags {fd}", f"stat {fd}", f"metadata-hash {fd} ; metadata-hash {fd}",
            f"sync {fd}", f"sync-data {fd}",
            f"set-times {fd} 5 6 7 8 ; stat {fd}", f"set-times {fd} no-change 7 8 ; stat {fd}",
            f"set-times {fd} 5 6 now ; stat {fd}", f"set-times {fd} no-change no-change ; stat {fd}",
            f"set-times {fd} 5 999999999 now", f"set-times {fd} 5 1000000000 now", f"set-times {fd} {HUGE[-1]} 0 now",
            f"read-directory {fd} ; read-directory-entries 11 ; read-directory-entry 11",
        ]
        for advice in ADVICES:
            yield f"advise {fd} 0 10 {advice}"
        for offset, length in EXTREMES:
            yield f"advise {fd} {offset} {length} normal"
            yield f"read {fd} {length} {offset}"
        for size in 0, 5, 20, *HUGE:
            yield f"set-size {fd} {size} ; stat {fd} ; read 7 40 0"
        for text, offset in itertools.product(('""', '"xyz"', '"x"*5000'), (0, 8, 100, *HUGE)):
            yield f"write {fd} {text} {offset} ; stat 7 ; read 7 40 {offset}"
        for offset in 0, 8, 10, 100, *HUGE:
            yield f"read-via-stream {fd} {offset} ; input-stream.blocking-read 11 4 ; input-stream.blocking-read 11 40"
            yield f'write-via-stream {fd} {offset} ; output-stream.blocking-write-and-flush 11 "xyz" ; read 7 40 {offset}'
        yield f'append-via-stream {fd} ; output-stream.blocking-write-and-flush 11 "xyz" ; read 7 40 0'
        for other in range(3, 11):
            yield f"is-same-object {fd} {other}"
            yield f'rename-at {fd} "f" {other} "target"'
            yield f'link-at {fd} {{}} "f" {other} "target"'
    for fd in 4, 8, 9:
        for path in BELOW:
            yield from rights(fd, path)
    yield from rights(7, '"f"')


def rights(fd, path):
    """What a descriptor allows to be done to what is below it."""
    for follow in "{}", "{symlink-follow}":
        yield f"stat-at {fd} {follow} {path}"
        yield f"metadata-hash-at {fd} {follow} {path}"
    for how in "", "create", "directory", "truncate", "create exclusive":
        for flags in "", "read", "write", "read write", "mutate-directory":
            yield f"open-at {fd} {{}} {path} {{{how}}} {{{flags}}}"
    yield f"create-directory-at {fd} {path}"
    yield f"remove-directory-at {fd} {path}"
    yield f"unlink-file-at {fd} {path}"
    yield f"readlink-at {fd} {path}"
    yield f"set-times-at {fd} {{}} {path} 5 6 7 8"
    yield f'symlink-at {fd} "x" {path}'
    for other in {3, fd}:
        yield f'rename-at {fd} {path} {other} "target"'
        yield f'link-at {fd} {{}} {path} {other} "target"'


# ---- running them under Wasmtime ----

def allow_network(bindings, config):
    """The package has no methods for it, and the library no function for TCP and UDP: they are the two bytes behind the one
    that allows look-ups."""
    size = 300
    bindings.wasi_config_inherit_network(config)
    before = ctypes.string_at(config, size)
    bindings.wasi_config_allow_ip_name_lookup(config, True)
    changed = [at for at, (a, b) in enumerate(zip(before, ctypes.string_at(config, size))) if a != b]
    assert len(changed) == 1
    ctypes.memset(ctypes.cast(config, ctypes.c_void_p).value + changed[0], 1, 3)


class Wasmtime:
    def __init__(self, guest):
        import wasmtime
        from wasmtime import component
        self.w = wasmtime
        self.engine = wasmtime.Engine()
        self.component = component.Component.from_file(self.engine, guest)
        self.linker = component.Linker(self.engine)
        self.linker.add_wasip2()

        self.grants = []

    def grant(self, what):
        """It knows no rules for addresses, and no faults: cases that are about them are not run."""
        self.grants = what
        return {"loopback", "nothing", "ipv6"}.issuperset(what)

    def start(self, top):
        config = self.w.WasiConfig()
        if top:
            config.preopen_dir(str(top / "rw"), "/")
            config.preopen_dir(str(top / "ro"), "/ro", False)
        if "loopback" in self.grants:
            allow_network(self.w._bindings, config.ptr())
        self.store = self.w.Store(self.engine)
        self.store.set_wasi(config)
        instance = self.linker.instantiate(self.store, self.component)
        self.step = instance.get_func(self.store, "step")

    def run(self, step):
        try:
            return self.step(self.store, step)
        except (self.w.Trap, self.w.WasmtimeError):
            return "TRAP"


if __name__ == "__main__":
    if sys.argv[1] == "cases":
        print("\n".join({"files": files, "sockets": sockets.cases}[sys.argv[2]]()))
    else:
        p1.run_under_wasmtime(Wasmtime(sys.argv[2]), sys.argv[3])
