#!/usr/bin/env python3
"""The cases of preview 1:   p1.py wat|wit|cases|wasmtime CASES

wat       -> p1.wat, the guest: a function for each of preview 1's, which hands its arguments on
wit       -> p1.wit, its world, when it is made a component
cases     -> the cases without results, one a line; `wasi_p1 CASES record` adds what Sandglass answers
wasmtime  runs CASES under Wasmtime (pip install wasmtime) and prints them again: where it answers otherwise, that
          stands behind '|' (cases.h and p1.c say what a line means)
"""
import itertools
import os
import re
import shutil
import stat
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
FUNCS = dict(re.findall(r'^P1_FUNC\((\w+), "(\w*)"', (HERE / "../../src/wasi/p1.def").read_text(), re.M))
ERRNOS = re.findall(r"^WASI_ERRNO\((\w+),", (HERE / "../../include/sandglass/wasi_errors.def").read_text(), re.M)


def wat():
    lines = [";; Made by p1.py wat: each function of preview 1, handed on.", "(module"]
    types = {"i": "i32", "I": "i64"}
    for name, parameters in FUNCS.items():
        signature = " ".join(types[p] for p in parameters)
        result = "" if name == "proc_exit" else " (result i32)"
        lines.append(f'  (import "wasi_snapshot_preview1" "{name}" (func ${name} (param {signature}){result}))')
    lines.append('  (memory (export "memory") 2)')
    for name, parameters in FUNCS.items():
        signature = " ".join(types[p] for p in parameters)
        result = "" if name == "proc_exit" else " (result i32)"
        gets = " ".join(f"(local.get {i})" for i in range(len(parameters)))
        kebab = name.replace("_", "-")
        lines.append(f'  (func (export "{name}") (export "{kebab}") (param {signature}){result} (call ${name} {gets}))')
    return "\n".join(lines) + MEMORY_OF_COMPONENT + ")\n"


# What `poke` is given lies at 0 by then, where cabi_realloc said; `peek` answers with the same bytes.
MEMORY_OF_COMPONENT = """
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
  (func (export "poke") (param i32 i32))
  (data (i32.const 131064) "\\00\\00\\00\\00\\f8\\ff\\01\\00")
  (func (export "peek") (result i32) (i32.const 131064))"""


def wit():
    types = {"i": "u32", "I": "u64"}
    lines = ["// Made by p1.py wit: each function of preview 1, as a component exports it, and the memory that they work on.",
             "package test:p1;", "", "world p1 {", "    export poke: func(memory: list<u8>);", "    export peek: func() -> list<u8>;"]
    for name, parameters in FUNCS.items():
        listed = ", ".join(f"p{i}: {types[p]}" for i, p in enumerate(parameters))
        lines.append(f"    export {name.replace('_', '-')}: func({listed}){'' if name == 'proc_exit' else ' -> u32'};")
    return "\n".join(lines) + "\n}\n"


# ---- the cases ----

PATHS = ["a.txt", "empty", "d", "d/f", "d/e", "l", "ld", "ld/f", "gone", "loop", "out", "out/secret", "abs", "new", "d/new",
         "nodir/new", "", ".", "..", "/", "/a.txt", "./a.txt", "d/../a.txt", "d/..", "../rw/a.txt", "d/../../rw/a.txt",
         "a.txt/", "a.txt/.", "a.txt/..", "d/", "d/.", "d//f", "l/", "ld/", "gone/", "new/", "d/./e/../f", "a.txt/f",
         "loop/x"]
ODD = ['"a\\0b"', '"\\xff\\xfe"', '"n"*255', '"n"*256', '"./"*2047', '"./"*3000', '"d/../"*800']


def texts():
    return [f'"{p}"' for p in PATHS] + ODD


ALL, READ, WRITE = "0x1fffffff", "0x2", "0x40"


def prelude():
    for rights, flags in ("0x1fffffbf", 0), ("0x1ffffffd", 0), (ALL, 0):
        yield f'path_open 3 0 "a.txt" 0 {rights} 0 {flags} @'
    yield f'path_open 3 0 "d" 2 0x1fffffbf {ALL} 0 @'
    yield f'path_open 3 0 "a.txt" 0 {ALL} 0 1 @'


def cases():
    yield ": " + " ; ".join(prelude())
    paths = texts()
    for path in paths:
        yield f"path_create_directory 3 {path}"
        yield f"path_remove_directory 3 {path}"
        yield f"path_unlink_file 3 {path}"
        yield f"path_readlink 3 {path} &40 @"
        for follow in 0, 1:
            yield f"path_filestat_get 3 {follow} {path} @"
            yield f"path_filestat_set_times 3 {follow} {path} 5 6 5"
            for oflags in 0, 1, 2, 5, 8, 9:
                yield f"path_open 3 {follow} {path} {oflags} {READ} 0 0 @"
            yield f"path_open 3 {follow} {path} 0 {WRITE} 0 0 @"
            yield f"path_open 3 {follow} {path} 1 0x42 0 0 @"
        yield f'path_rename 3 {path} 3 "target"'
        yield f'path_rename 3 "a.txt" 3 {path}'
        yield f'path_rename 3 "d" 3 {path}'
        yield f'path_link 3 0 {path} 3 "target"'
        yield f'path_link 3 0 "a.txt" 3 {path}'
        yield f'path_symlink "a.txt" 3 {path}'
        yield f'path_symlink {path} 3 "d/target"'
    # From a directory below, which is not left either.
    for path in '"f"', '"e"', '".."', '"../a.txt"', '"."', '"e/../../a.txt"':
        yield f"path_filestat_get 8 1 {path} @"
        yield f"path_open 8 1 {path} 0 {READ} 0 0 @"
    # What a read-only directory allows, and pairs of directories.
    for path in '"b.txt"', '"d"', '"new"':
        for oflags, rights in itertools.product((0, 1, 2, 8, 9), (READ, WRITE)):
            yield f"path_open 4 0 {path} {oflags} {rights} 0 0 @"
        yield f"path_create_directory 4 {path}"
        yield f"path_remove_directory 4 {path}"
        yield f"path_unlink_file 4 {path}"
        yield f"path_filestat_get 4 0 {path} @"
        yield f"path_filestat_set_times 4 0 {path} 5 6 5"
        yield f'path_symlink "x" 4 {path}'
        for a, b in (3, 4), (4, 3), (4, 4):
            yield f'path_rename {a} {path} {b} "target"'
            yield f'path_link {a} 0 {path} {b} "target"'
    # Every kind of descriptor, with every function that takes one.
    for fd in 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, -1, 2147483647:
        yield from [
            f"fd_advise {fd} 0 10 0", f"fd_advise {fd} 0 10 6", f"fd_advise {fd} -1 10 0", f"fd_allocate {fd} 0 20",
            f"fd_allocate {fd} 0 0", f"fd_allocate {fd} -1 -1", f"fd_close {fd}", f"fd_datasync {fd}", f"fd_sync {fd}",
            f"fd_fdstat_get {fd} @", f"fd_fdstat_set_flags {fd} 0", f"fd_fdstat_set_flags {fd} 1",
            f"fd_fdstat_set_flags {fd} 4", f"fd_fdstat_set_flags {fd} 2", f"fd_fdstat_set_flags {fd} 64",
            f"fd_fdstat_set_rights {fd} 0 0", f"fd_fdstat_set_rights {fd} -1 -1", f"fd_filestat_get {fd} @",
            f"fd_filestat_set_size {fd} 5", f"fd_filestat_set_size {fd} 0", f"fd_filestat_set_size {fd} -1",
            f"fd_filestat_set_times {fd} 5 6 5", f"fd_filestat_set_times {fd} 5 6 3", f"fd_filestat_set_times {fd} 0 0 10",
            f"fd_filestat_set_times {fd} 5 6 16", f"fd_pread {fd} {{4,4}} 2 @", f"fd_pread {fd} {{4}} 100 @",
            f"fd_pread {fd} {{4}} -1 @", f'fd_pwrite {fd} {{"xy","z"}} 8 @', f'fd_pwrite {fd} {{"xy"}} -1 @',
            f"fd_prestat_get {fd} @", f"fd_prestat_dir_name {fd} &3", f"fd_prestat_dir_name {fd} &0",
            f"fd_read {fd} {{4,20}} @", f"fd_read {fd} {{0}} @", f'fd_write {fd} {{"xy","z"}} @', f'fd_write {fd} {{""}} @',
            f"fd_readdir {fd} &0 0 @", f"fd_renumber {fd} 5", f"fd_renumber 5 {fd}", f"fd_renumber {fd} {fd}",
            f"fd_seek {fd} 3 0 @", f"fd_seek {fd} -1 0 @", f"fd_seek {fd} 0 1 @", f"fd_seek {fd} -2 2 @",
            f"fd_seek {fd} 0 3 @", f"fd_seek {fd} 9223372036854775807 0 @", f"fd_tell {fd} @",
            f'path_open {fd} 0 "a.txt" 0 {READ} 0 0 @', f'path_filestat_get {fd} 0 "a.txt" @',
            f'path_create_directory {fd} "n"', f"sock_accept {fd} 0 @", f"sock_recv {fd} {{4}} 0 @ @",
            f'sock_send {fd} {{"x"}} 0 @', f"sock_shutdown {fd} 1",
        ]
    yield from sequences()
    yield from extremes()


def sequences():
    yield from [
        "fd_read 5 {4} @ ; fd_tell 5 @ ; fd_seek 5 -2 1 @ ; fd_read 5 {4} @ ; fd_read 5 {9} @ ; fd_read 5 {9} @",
        'fd_write 6 {"abc"} @ ; fd_seek 7 0 0 @ ; fd_read 7 {20} @',
        'fd_write 9 {"abc"} @ ; fd_tell 9 @ ; fd_seek 9 0 0 @ ; fd_read 9 {20} @',
        'fd_write 9 {"abc"} @ ; fd_pread 7 {20} 0 @', 'fd_pwrite 9 {"abc"} 0 @ ; fd_pread 7 {20} 0 @',
        'fd_fdstat_set_flags 7 1 ; fd_write 7 {"abc"} @ ; fd_pread 7 {20} 0 @ ; fd_fdstat_get 7 @',
        "fd_filestat_set_size 7 3 ; fd_filestat_get 7 @ ; fd_read 7 {20} @ ; fd_filestat_set_size 7 6 ; fd_read 7 {20} @",
        'fd_seek 7 20 0 @ ; fd_write 7 {"z"} @ ; fd_filestat_get 7 @ ; fd_pread 7 {4} 18 @',
        "fd_close 5 ; fd_read 5 {4} @ ; fd_close 5", 'fd_close 3 ; path_open 3 0 "a.txt" 0 2 0 0 @ ; fd_prestat_get 3 @',
        "fd_close 0 ; fd_close 1 ; fd_close 2 ; fd_read 0 {1} @", "fd_renumber 5 6 ; fd_read 6 {4} @ ; fd_read 5 {4} @",
        'fd_close 5 ; path_open 3 0 "a.txt" 0 2 0 0 @',
        'path_create_directory 3 "n" ; path_create_directory 3 "n" ; path_remove_directory 3 "n" ; path_remove_directory 3 "n"',
        'path_unlink_file 3 "a.txt" ; fd_read 5 {20} @ ; path_open 3 0 "a.txt" 0 2 0 0 @',
        'path_link 3 0 "a.txt" 3 "b" ; path_filestat_get 3 0 "b" @ ; path_unlink_file 3 "a.txt" ; path_filestat_get 3 0 "b" @',
        'path_symlink "d/f" 3 "s" ; path_readlink 3 "s" &40 @ ; path_open 3 1 "s" 0 2 0 0 @ ; fd_read 10 {9} @',
        'path_readlink 3 "l" &3 @', 'path_readlink 3 "l" &0 @',
        'path_rename 3 "a.txt" 3 "d/a" ; path_filestat_get 3 0 "d/a" @ ; path_filestat_get 3 0 "a.txt" @',
        'path_rename 3 "d/e" 3 "d/f"', 'path_rename 3 "a.txt" 3 "d/e"', 'path_rename 3 "d" 3 "d/e/x"',
        'path_open 3 0 "x" 1 0x42 0 0 @ ; fd_write 10 {"1","","23"} @ ; fd_seek 10 0 0 @ ; fd_read 10 {1,1,9} @',
        'path_open 3 0 "x" 5 0x42 0 0 @ ; path_open 3 0 "x" 5 0x42 0 0 @',
        'path_open 3 0 "a.txt" 8 0x42 0 0 @ ; fd_filestat_get 10 @',
        'path_open 3 0 "a.txt" 0 0x42 0 1 @ ; fd_write 10 {"x"} @ ; fd_fdstat_get 10 @',
        'path_open 3 0 "a.txt" 0 0x42 0 4 @ ; fd_fdstat_get 10 @ ; fd_fdstat_set_flags 10 0 ; fd_fdstat_get 10 @',
        'path_open 3 0 "a.txt" 0 0 0 0 @ ; fd_read 10 {4} @ ; fd_write 10 {"x"} @',
        'path_open 3 0 "d" 2 0x4000 0 0 @ ; fd_fdstat_get 10 @ ; fd_filestat_get 10 @ ; fd_read 10 {4} @ ; path_open 10 0 "f" 0 2 0 0 @',
        'fd_fdstat_set_rights 7 0x6 0 ; fd_read 7 {3} @ ; fd_seek 7 0 0 @ ; fd_write 7 {"x"} @ ; fd_filestat_get 7 @ ; fd_fdstat_set_rights 7 0x46 0',
        'fd_fdstat_set_rights 3 0x2000 0x2 ; path_open 3 0 "a.txt" 0 0x42 0 0 @ ; fd_write 10 {"x"} @ ; path_create_directory 3 "n" ; path_filestat_get 3 0 "a.txt" @',
        "args_sizes_get @ @ ; environ_sizes_get @ @ ; args_get @ @ ; environ_get @ @",
        "clock_res_get 0 @ ; clock_res_get 1 @ ; clock_time_get 0 0 @ ; clock_time_get 1 0 @", "clock_res_get 4 @",
        "clock_time_get 4 0 @", "clock_time_get -1 0 @", "random_get &16", "random_get &0", "sched_yield",
        "proc_exit 0", "proc_exit 3",
        "poll_oneoff @ @ 0 @",
        'path_filestat_set_times 3 0 "a.txt" 0 0 10 ; path_filestat_set_times 3 0 "a.txt" 0 0 3',
    ]


def extremes():
    """Every function, with each argument at its extremes and the others such that they are looked at."""
    usual = {"i": "3", "I": "0"}
    values = {"i": ["0", "1", "-1", "2147483647", "-2147483648", "65535", "131072", "131071"],
              "I": ["0", "1", "-1", "9223372036854775807", "-9223372036854775808"]}
    for name, parameters in FUNCS.items():
        if name == "proc_exit":
            continue
        for at, kind in enumerate(parameters):
            for value in values[kind]:
                arguments = [usual[p] for p in parameters]
                arguments[at] = value
                yield f"{name} {' '.join(arguments)} ?"


# ---- running them under Wasmtime ----

def make_tree(top):
    for name in "rw/d/e", "ro/d", "outside":
        os.makedirs(top / name)
    for name, text in ("rw/a.txt", "0123456789"), ("rw/empty", ""), ("rw/d/f", "x"), ("ro/b.txt", "read-only"), ("outside/secret", "s"):
        (top / name).write_text(text)
    for target, name in ("a.txt", "l"), ("d", "ld"), ("nowhere", "gone"), ("loop", "loop"), ("../outside", "out"), ("/etc", "abs"):
        os.symlink(target, top / "rw" / name)
    os.symlink(b"\xff", top / "ro/d/latin")
    os.mknod(top / "ro/d/pipe", stat.S_IFIFO | 0o666)
    os.mknod(top / "ro/d/socket", stat.S_IFSOCK | 0o666)


class Wasmtime:
    def __init__(self):
        import wasmtime
        self.w = wasmtime
        self.engine = wasmtime.Engine()
        self.module = wasmtime.Module(self.engine, wat())
        self.linker = wasmtime.Linker(self.engine)
        self.linker.define_wasi()

    def start(self, top):
        w = self.w
        self.store = w.Store(self.engine)
        config = w.WasiConfig()
        config.preopen_dir(str(top / "rw"), "/")
        config.preopen_dir(str(top / "ro"), "/ro", False)
        config.argv = ["program", "first", 'the"second"arg', "3"]
        config.env = [("a", "text"), ("b", 'escap"ing'), ("c", "new\nline")]
        self.store.set_wasi(config)
        self.exports = self.linker.instantiate(self.store, self.module).exports(self.store)
        self.memory = self.exports["memory"]
        self.filestat = bytes(64)

    def run(self, step):
        return run_step(self, step)

    def call(self, name, arguments):
        try:
            return self.exports[name](self.store, *arguments)
        except (self.w.Trap, self.w.WasmtimeError):
            return "TRAP"
        except self.w.ExitTrap as trap:
            return f"EXIT {trap.code}"

    def write(self, at, data):
        self.memory.write(self.store, data, at)

    def read(self, at, size):
        return bytes(self.memory.read(self.store, at, at + size))


def tokens(step):
    return re.findall(r'\{[^}]*\}|"(?:[^"\\]|\\.)*"(?:\*\d+)?|\S+', step)


def text_of(token):
    text, _, times = token.rpartition('"')
    raw = text[1:].encode().decode("unicode_escape").encode("latin-1")
    return raw * int(times[1:] or 1) if times else raw


def run_step(host, step):
    name, *items = tokens(step)
    if name == "list":
        return run_list(host, int(items[0]), int(items[1]))
    at, arguments, cells, buffers, wanted = 1024, [], [], [], []

    def place(data):
        nonlocal at
        start = at
        host.write(at, data)
        at = (at + len(data) + 15) & ~15
        return start

    for item in items:
        if item == "?":
            pass
        elif item[0] == ".":
            wanted.append(item[1:])
        elif item == "@":
            cells.append(place(bytes(64)))
            arguments.append(cells[-1])
        elif item[0] == "&":
            size = int(item[1:])
            buffers.append((place(bytes(size)), size))
            arguments += buffers[-1]
        elif item[0] == '"':
            data = text_of(item)
            arguments += [place(data), len(data)]
        elif item[0] == "{":
            vectors = b""
            for part in re.findall(r'"[^"]*"(?:\*\d+)?|\d+', item):
                data = text_of(part) if part[0] == '"' else bytes(int(part))
                buffers.append((place(data), len(data)))
                vectors += b"".join(n.to_bytes(4, "little") for n in buffers[-1])
            arguments += [place(vectors), len(vectors) // 8]
        else:
            arguments.append(int(item, 0))
    kinds = FUNCS[name]
    arguments = [a - (1 << bits) if a >= 1 << (bits - 1) else a
                 for a, bits in zip(arguments, [32 if k == "i" else 64 for k in kinds])]
    result = host.call(name, arguments)
    if not isinstance(result, int):
        return result or "EXIT"
    said = ERRNOS[result]
    if result or items[-1:] == ["?"]:
        return said
    said += outputs(host, name, cells, buffers, wanted)
    if name.endswith("filestat_get"):
        host.filestat = host.read(cells[-1], 64)
    return said


FIELDS = {"dev": (0, 8), "ino": (8, 8), "filetype": (16, 1), "nlink": (24, 8), "size": (32, 8), "atim": (40, 8), "mtim": (48, 8),
          "ctim": (56, 8), "fs_rights_base": (8, 8), "fs_rights_inheriting": (16, 8)}


def field(host, cell, wanted):
    name, kind, mask = re.fullmatch(r"(\w+)([~&]?)(\w*)", wanted).groups()
    at, size = FIELDS[name]
    value, before = (int.from_bytes(data[at:at + size], "little") for data in (host.read(cell, 64), host.filestat))
    if kind == "~":
        return name + ("<" if value < before else ">" if value > before else "=")
    return f"{name}&{hex(value & int(mask, 0))}" if kind else f"{name}={value}"


def run_list(host, fd, size):
    def read_entries(cookie, size):
        result = host.call("fd_readdir", [fd, 1024, size, cookie, 512])
        if result != 0:
            return result, [], False
        used = int.from_bytes(host.read(512, 4), "little")
        data, entries = host.read(1024, used), []
        while len(data) >= 24 and len(data) >= 24 + int.from_bytes(data[16:20], "little"):
            end = 24 + int.from_bytes(data[16:20], "little")
            entries.append((data[24:end].decode(), int.from_bytes(data[:8], "little"), data[8:16], data[20]))
            data = data[end:]
        return result, entries, used == size

    def is_true(name, inode, filetype):
        host.write(1024, name.encode())
        result = host.call("path_filestat_get", [fd, 0, 1024, len(name.encode()), 512])
        return name == ".." or (result == 0 and host.read(520, 8) == inode and host.read(528, 1)[0] == filetype)

    entries = []
    while True:
        result, more, goes_on = read_entries(entries[-1][1] if entries else 0, size)
        entries += more
        if not goes_on or not more:
            break
    said = "no room" if goes_on else ERRNOS[result] if isinstance(result, int) else result
    for i, entry in reversed(list(enumerate(entries))):
        again = read_entries(entry[1], 16384)[1]
        if [e[0] for e in again] != [e[0] for e in entries[i + 1:]]:
            said += f" lost after {entry[0]}"
    return said + "".join(f" {'' if is_true(name, inode, filetype) else 'not '}{name}:{filetype}"
                          for name, _, inode, filetype in sorted(entries))


def outputs(host, name, cells, buffers, wanted):
    number = lambda at, size: int.from_bytes(host.read(at, size), "little")
    if wanted:
        return "".join(f" {field(host, cells[-1], w)}" for w in wanted)
    if name in ("args_get", "environ_get"):
        texts, at = "", cells[0]
        while at < cells[1] and number(at, 4):
            texts += " " + host.read(number(at, 4), 64).split(b"\0")[0].decode().replace("\n", "\\n")
            at += 4
        return texts
    if name in ("args_sizes_get", "environ_sizes_get"):
        return f" {number(cells[0], 4)} {number(cells[1], 4)}"
    if name == "fd_readdir":
        return f" {number(cells[-1], 4)}"
    if name == "fd_prestat_dir_name":
        return " " + host.read(*buffers[0]).decode().replace("\0", ".")
    if name in ("fd_read", "fd_pread", "path_readlink"):
        count = number(cells[-1], 4)
        data = b"".join(host.read(*b) for b in buffers)[:count].replace(b"\0", b".").replace(b"\n", b"\\n")
        return f" {count} {data.decode('latin-1')}"
    if name in ("fd_write", "fd_pwrite", "path_open"):
        return f" {number(cells[-1], 4)}"
    if name in ("fd_seek", "fd_tell"):
        return f" {number(cells[-1], 8)}"
    if name in ("fd_filestat_get", "path_filestat_get"):
        filetype = number(cells[-1] + 16, 1)
        links, size = (number(cells[-1] + at, 8) if filetype == 4 else 0 for at in (24, 32))
        return f" type={filetype} links={links} size={size}"
    if name == "fd_fdstat_get":
        return f" type={number(cells[-1], 1)} flags={number(cells[-1] + 2, 2)}"
    if name == "fd_prestat_get":
        return f" {number(cells[-1] + 4, 4)}"
    return ""


def run_under_wasmtime(host, file):
    """`host` starts a guest in the tree `top`, or with what a line of the file grants instead, and runs steps in it."""
    differing, prelude, served, has_tree = 0, [], True, True
    for line in Path(file).read_text().splitlines():
        case = line.split(" | ")[0]
        if line.startswith(": "):
            prelude = line[2:].split(" ; ")
        if line.startswith("! "):
            served, has_tree = host.grant(line[2:].split(" ; ")), False
        if not served or not case or case[0] in "#:!":
            print(line)
            continue
        top = Path(tempfile.mkdtemp()) if has_tree else None
        if top:
            make_tree(top)
        host.start(top)
        for step in prelude:
            host.run(step)
        steps = [step.partition(" = ") for step in case.split(" ; ")]
        said = [host.run(step) for step, _, _ in steps]
        if top:
            shutil.rmtree(top)
        differs = said != [result for _, _, result in steps]
        differing += differs
        print(case + (" | " + " ; ".join(said) if differs else ""))
    print(f"{differing} differ", file=sys.stderr)


if __name__ == "__main__":
    if sys.argv[1] == "wat":
        print(wat(), end="")
    elif sys.argv[1] == "wit":
        print(wit(), end="")
    elif sys.argv[1] == "cases":
        print("\n".join(cases()))
    else:
        run_under_wasmtime(Wasmtime(), sys.argv[2])
