"""The cases of wasi:filesystem, for p2.py."""
import itertools

import p1

HEAD = """\
# Cases of wasi:filesystem, as wasi_p2 reads them (cases.h, p2.c, files.c). Made by `p2.py cases files`, `wasi_p2 ... record` and
# `p2.py wasmtime`: behind " | " stands what Wasmtime 50.0.1 answers where it answers otherwise. Where that is so, it is because:
#   what a read-only directory refuses is read-only, and before anything else is looked at, mutate-directory included, as the
#   documentation says of open-at; there it is not-permitted, or what else is wrong. A file of it, never opened to write, is
#   bad-descriptor to write and invalid to resize, as others are;
#   streams are refused at once where the file was not opened for them; there the first operation fails;
#   a directory is is-directory to read and bad-descriptor to write, with or without streams; there the former is bad-descriptor;
#   get-flags tells what can be done: things below a directory can be changed if they can through the one that it was opened below,
#   whether mutate-directory was asked for or not (programs of preview 1 cannot ask for it), and files opened without read
#   are not read; there mutate-directory is never told of such a directory, and read of every file;
#   a timestamp of a billion nanoseconds or more, or beyond what the system can hold, is invalid; there the first is taken, the second
#   an overflow;
#   reading nothing does not find the end; there it does, or finds that a file is closed to reading;
#   an offset that the system cannot have is beyond the end to read nothing, file-too-large to write and invalid to advise; there
#   invalid to read and to write whatever else is wrong, and good to advise;
#   a path with a slash at its end that names a link or no directory, and a link opened as a directory, get what Linux says here,
#   other errors there; so does removing a directory that is not empty; and no-change twice looks for the file here only;
#   writes that are to be synchronized, which may be asked for, are unsupported there; FIFOs and sockets are unknown there, and opening
#   the latter io;
#   reading and skipping do not wait for a thread, and find what there is or the end; there the first time finds nothing;
#   a stream may be dropped before its pollables, and written to as long as check-write would permit it, asked or not; there both
#   trap."""

# 3 is a directory, 4 another, read-only; 5, 6, 7 are a file to read, to write, for both; 8 and 9 a directory below 3,
# 9 with mutate-directory; 10 a file of 4. The next handle is 11.
PRELUDE = ["get-directories", 'open-at 3 {} "a.txt" {} {read}', 'open-at 3 {} "a.txt" {} {write}',
           'open-at 3 {} "a.txt" {} {read write}', 'open-at 3 {} "d" {directory} {read}',
           'open-at 3 {} "d" {directory} {read mutate-directory}', 'open-at 4 {} "b.txt" {} {read}']
HUGE = [9223372036854775807, 9223372036854775808, 18446744073709551615]
EXTREMES = [(0, 0), (0, 4), (0, 100), (8, 4), (10, 4), (100, 4), (0, HUGE[0]), (0, HUGE[1]), (0, HUGE[2]), (HUGE[0], 0), (HUGE[0], 4),
            (HUGE[0], HUGE[0]), (HUGE[1], 0), (HUGE[1], 4), (HUGE[2], 0), (HUGE[2], 4), (HUGE[2], HUGE[2])]
ADVICES = ["normal", "sequential", "random", "will-need", "dont-need", "no-reuse"]
BELOW = ['"f"', '"b.txt"', '"d"', '"e"', '"."', '".."', '"../a.txt"', '"e/../../a.txt"', '"new"']


def cases():
    yield HEAD
    yield ": " + " ; ".join(PRELUDE)
    yield from paths()
    yield from opens()
    yield from descriptors()
    yield from streams()
    yield from sequences()
    yield from handles()


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
        for size in 0, 5, 20, *HUGE[1:]:
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


def opens():
    """What open-at makes of all its flags, and what can be done with what was opened."""
    kinds = "read", "write", "read write", "mutate-directory", "read mutate-directory", ""
    for path, follow in ('"a.txt"', "{}"), ('"l"', "{symlink-follow}"), ('"d"', "{}"), ('"new"', "{}"), ('"gone"', "{symlink-follow}"):
        for chosen in itertools.product((0, 1), repeat=4):
            how = " ".join(name for name, on in zip(("create", "directory", "exclusive", "truncate"), chosen) if on)
            for flags in kinds:
                yield f"open-at 3 {follow} {path} {{{how}}} {{{flags}}}"
    for flags in kinds + ("read write file-integrity-sync", "write data-integrity-sync", "read requested-write-sync"):
        for path in '"a.txt"', '"d"':
            yield (f"open-at 3 {{}} {path} {{}} {{{flags}}} ; get-flags 11 ; get-type 11 ; stat 11 ; read 11 4 0 ; set-times 11 5 6 7 8 ; "
                   f'write 11 "xy" 0 ; set-size 11 3 ; sync 11 ; sync-data 11 ; stat 11')


def then(opens, *steps):
    return " ; ".join((opens,) + steps)


IN, OUT = "input-stream.", "output-stream."


def streams():
    """Streams over files: what wasi:io does at offsets, at ends and between streams."""
    for offset in 0, 4, 9, 10, 11:
        for length in 0, 1, 4, 100:
            for step in "read", "blocking-read", "skip", "blocking-skip":
                yield then(f"read-via-stream 5 {offset}", f"{IN}{step} 11 {length}", f"{IN}blocking-read 11 3", f"{IN}blocking-read 11 100")
        yield then(f"read-via-stream 5 {offset}", f"{IN}subscribe 11", "pollable.block 12", "pollable.ready 12")
        for fd in 6, 7:
            yield then(f"write-via-stream {fd} {offset}", f'{OUT}write 11 "xyz"', f"{OUT}blocking-flush 11", "read 7 40 0")
            yield then(f"write-via-stream {fd} {offset}", f"{OUT}check-write 11", f'{OUT}write 11 ""', f"{OUT}flush 11", f"{OUT}blocking-flush 11", "stat 7")
            yield then(f"write-via-stream {fd} {offset}", f"{OUT}blocking-write-zeroes-and-flush 11 3", "read 7 40 0")
            yield then(f"write-via-stream {fd} {offset}", f"{OUT}subscribe 11", "pollable.block 12", "pollable.ready 12",
                       f"{OUT}write-zeroes 11 5", f"{OUT}blocking-flush 11", "stat 7")
            yield then(f"write-via-stream {fd} {offset}", 'open-at 3 {} "d/f" {} {read}', "read-via-stream 12 0",
                       f"{OUT}blocking-splice 11 13 10", f"{OUT}blocking-flush 11", "read 7 40 0", f"{OUT}blocking-splice 11 13 10")
        yield then(f"read-via-stream 5 {offset}", 'open-at 3 {} "empty" {} {read write}', "write-via-stream 12 0",
                   f"{OUT}blocking-splice 13 11 4", f"{OUT}blocking-splice 13 11 0", f"{OUT}blocking-flush 13", "read 12 40 0")
    for fd in 6, 7:
        append = f"append-via-stream {fd}"
        put = f'{OUT}blocking-write-and-flush 11 "ab"'
        yield from [
            then(append, put, put, "read 7 40 0"), then(append, "set-size 7 3", put, "read 7 40 0"), then(append, "set-size 7 20", put, "stat 7"),
            then(append, f'write {fd} "xyz" 20', put, "read 7 40 18"), then(append, put, f'write {fd} "x" 0', "read 7 40 0"),
            then(append, append, put, f'{OUT}blocking-write-and-flush 12 "cd"', put, "read 7 40 0"),
            then(append, "write-via-stream 7 2", put, f'{OUT}blocking-write-and-flush 12 "cd"', put, f'{OUT}blocking-write-and-flush 12 "ef"', "read 7 40 0"),
            then(append, 'unlink-file-at 3 "a.txt"', put, "read 7 40 0", "stat 7", 'stat-at 3 {} "a.txt"'),
            then(append, f"drop {fd}", put, 'stat-at 3 {} "a.txt"'), then(append, f'{OUT}blocking-write-and-flush 11 "x"*4096', "stat 7"),
            then(append, f'{OUT}blocking-write-and-flush 11 "x"*4097', "stat 7"), then(append, f"{OUT}blocking-write-zeroes-and-flush 11 4096", "stat 7"),
            then(append, f"{OUT}check-write 11", f'{OUT}write 11 "x"*4096', f"{OUT}blocking-flush 11", f"{OUT}check-write 11", "stat 7"),
        ]
    yield from [
        then("read-via-stream 5 0", "set-size 7 4", f"{IN}blocking-read 11 100", f"{IN}blocking-read 11 100"),
        then("read-via-stream 5 8", "set-size 7 4", f"{IN}blocking-read 11 100"),
        then("read-via-stream 5 8", 'write 7 "xyz" 10', f"{IN}blocking-read 11 100", f"{IN}blocking-read 11 100"),
        then("read-via-stream 5 0", f"{IN}blocking-read 11 100", f"{IN}blocking-read 11 100", 'write 7 "xyz" 10', f"{IN}blocking-read 11 100"),
        then("read-via-stream 5 0", "read-via-stream 5 4", f"{IN}blocking-read 11 2", f"{IN}blocking-read 12 2", f"{IN}blocking-read 11 2"),
        then("read-via-stream 7 0", "write-via-stream 7 0", f'{OUT}blocking-write-and-flush 12 "ab"', f"{IN}blocking-read 11 4"),
        then("read-via-stream 5 0", "drop 5", f"{IN}blocking-read 11 4"), then("read-via-stream 5 0", "drop 11", "get-type 5"),
        then("read-via-stream 5 0", 'unlink-file-at 3 "a.txt"', f"{IN}blocking-read 11 100"),
        then("read-via-stream 5 0", 'rename-at 3 "empty" 3 "a.txt"', f"{IN}blocking-read 11 100"),
        then("read-via-stream 5 0", 'open-at 3 {} "empty" {} {read write}', "write-via-stream 12 0", f"{OUT}splice 13 11 4", f"{OUT}blocking-flush 13", "read 12 40 0"),
        then("read-via-stream 5 0", f"{IN}subscribe 11", "drop 11"), then("read-via-stream 5 0", f"{IN}read 11 {HUGE[2]}", f"{IN}blocking-read 11 1"),
        then("read-via-stream 5 0", f"{IN}blocking-read 11 {HUGE[2]}"), then("read-via-stream 5 0", f"{IN}blocking-skip 11 {HUGE[2]}"),
        then("write-via-stream 7 0", f"{OUT}write-zeroes 11 {HUGE[2]}"), then("write-via-stream 7 0", f'{OUT}write 11 "x"*100', f'{OUT}write 11 "y"*100'),
        then("write-via-stream 7 0", "read-via-stream 5 0", f"{OUT}blocking-splice 11 12 {HUGE[2]}", f"{OUT}blocking-flush 11", "read 7 40 0"),
    ]


def sequences():
    """What one step does to those after it."""
    new = 'open-at 3 {} "new" {create} {read write}'
    yield from [
        # what is made, is there; what is removed, is not
        'create-directory-at 3 "n" ; create-directory-at 3 "n" ; stat-at 3 {} "n" ; create-directory-at 3 "n/m" ; remove-directory-at 3 "n" ; remove-directory-at 3 "n/m" ; remove-directory-at 3 "n" ; stat-at 3 {} "n"',
        'unlink-file-at 3 "a.txt" ; unlink-file-at 3 "a.txt" ; read 5 40 0 ; stat 5 ; write 7 "xyz" 0 ; read 5 40 0 ; open-at 3 {} "a.txt" {} {read}',
        'unlink-file-at 3 "a.txt" ; open-at 3 {} "a.txt" {create} {read write} ; is-same-object 5 11 ; read 11 4 0 ; read 5 4 0',
        'unlink-file-at 3 "l" ; stat-at 3 {} "a.txt" ; stat-at 3 {} "l"', 'unlink-file-at 3 "loop" ; stat-at 3 {} "loop"',
        'remove-directory-at 3 "d/e" ; stat-at 8 {} "e" ; read-directory 8 ; read-directory-entry 11 ; read-directory-entry 11 ; read-directory-entry 11',
        'unlink-file-at 3 "d/f" ; remove-directory-at 8 "e" ; remove-directory-at 3 "d" ; open-at 8 {} "x" {create} {write} ; create-directory-at 8 "x" ; stat-at 8 {} "." ; get-type 8 ; read-directory 8 ; read-directory-entry 11',
        f'{new} ; stat 11 ; write 11 "abc" 0 ; stat 11 ; read 11 9 1 ; stat-at 3 {{}} "new" ; open-at 3 {{}} "new" {{create exclusive}} {{read}} ; unlink-file-at 3 "new" ; stat 11',
        f'{new} ; write 11 "a" 5 ; read 11 9 0 ; set-size 11 2 ; read 11 9 0 ; set-size 11 8 ; read 11 9 0 ; open-at 3 {{}} "new" {{truncate}} {{write}} ; stat 11',
        f'{new} ; write 11 "x"*70000 0 ; stat 11 ; read 11 65536 0 ; read 11 4464 65536 ; read 11 9 70000',
        f'{new} ; set-size 11 1099511627776 ; stat 11 ; read 11 4 1099511627770 ; write 11 "end" 1099511627776 ; stat 11',
        # links
        'link-at 3 {} "a.txt" 3 "b" ; stat-at 3 {} "b" ; stat 5 ; open-at 3 {} "b" {} {read} ; is-same-object 5 11 ; metadata-hash 5 ; metadata-hash 11 ; unlink-file-at 3 "a.txt" ; stat 11',
        'link-at 3 {} "a.txt" 8 "b" ; stat-at 8 {} "b" ; stat 5', 'link-at 3 {} "l" 3 "b" ; readlink-at 3 "b" ; stat-at 3 {} "b" ; stat-at 3 {symlink-follow} "b"',
        'link-at 3 {} "gone" 3 "b" ; readlink-at 3 "b"', 'link-at 8 {} "f" 3 "b" ; link-at 8 {} "f" 3 "b" ; link-at 8 {} "f" 8 "f"', 'link-at 3 {} "d" 3 "b"',
        'symlink-at 3 "d/f" "s" ; readlink-at 3 "s" ; stat-at 3 {} "s" ; stat-at 3 {symlink-follow} "s" ; open-at 3 {symlink-follow} "s" {} {read} ; read 11 9 0',
        'symlink-at 3 "../a.txt" "d/s" ; open-at 3 {symlink-follow} "d/s" {} {read} ; open-at 8 {symlink-follow} "s" {} {read} ; readlink-at 8 "s"',
        'symlink-at 3 "s2" "s1" ; symlink-at 3 "s1" "s2" ; open-at 3 {symlink-follow} "s1" {} {read} ; stat-at 3 {symlink-follow} "s2/x" ; stat-at 3 {} "s1"',
        'symlink-at 3 "" "s"', 'symlink-at 3 "/" "s"', 'symlink-at 3 "/etc/passwd" "s"', 'symlink-at 3 "x" "s" ; symlink-at 3 "y" "s" ; readlink-at 3 "s"',
        'symlink-at 3 "t"*255 "s" ; readlink-at 3 "s"', 'symlink-at 3 "t/"*2048 "s"', 'symlink-at 3 "gone2" "s" ; open-at 3 {symlink-follow} "s" {create} {write} ; stat-at 3 {} "gone2"',
        'symlink-at 3 "a\\0b" "s"', 'symlink-at 3 "\\xff" "s"', 'readlink-at 3 "abs"', 'readlink-at 3 "out"', 'readlink-at 3 "l"', 'readlink-at 8 "../l"',
        # renames
        'rename-at 3 "a.txt" 3 "d/a" ; stat-at 8 {} "a" ; stat-at 3 {} "a.txt" ; read 5 4 0 ; stat 5', 'rename-at 3 "a.txt" 8 "f" ; open-at 8 {} "f" {} {read} ; is-same-object 5 11 ; read 11 4 0',
        'rename-at 3 "a.txt" 3 "b" ; open-at 3 {} "b" {} {read} ; is-same-object 5 11 ; metadata-hash 5 ; metadata-hash 11', 'rename-at 3 "d" 3 "n" ; stat-at 8 {} "f" ; stat-at 3 {} "n/f" ; stat-at 3 {} "d"',
        'rename-at 3 "d" 8 "e/x"', 'rename-at 3 "d/e" 3 "d/f"', 'rename-at 3 "a.txt" 3 "d/e"', 'rename-at 3 "d/e" 3 "n" ; rename-at 3 "d" 3 "n" ; stat-at 3 {} "n/f"',
        'create-directory-at 3 "n" ; rename-at 3 "n" 3 "d" ; rename-at 3 "d" 3 "n" ; stat-at 3 {} "n/f"', 'rename-at 3 "l" 3 "m" ; readlink-at 3 "m" ; stat-at 3 {} "l"', 'rename-at 3 "gone" 3 "a.txt" ; stat-at 3 {} "a.txt"',
        'rename-at 3 "." 3 "x"', 'rename-at 3 "a.txt" 3 "."', 'rename-at 3 ".." 3 "x"', 'rename-at 8 "f" 3 "f" ; stat-at 3 {} "f" ; stat-at 8 {} "f"', 'rename-at 8 "../a.txt" 8 "a"', 'rename-at 3 "a.txt" 8 "../x"',
        # times
        'set-times-at 3 {} "l" 5 6 7 8 ; stat-at 3 {} "l" ; stat-at 3 {} "a.txt"', 'set-times-at 3 {symlink-follow} "l" 5 6 7 8 ; stat-at 3 {} "l" ; stat-at 3 {} "a.txt"', 'set-times-at 3 {symlink-follow} "gone" 5 6 7 8',
        'set-times-at 3 {} "gone" 5 6 7 8 ; stat-at 3 {} "gone"', 'set-times 7 0 0 0 0 ; stat 7', 'set-times 7 0 999999999 0 1 ; stat 7', 'set-times 7 5 6 7 8 ; set-times 7 no-change 9 9 ; stat 7 ; set-times 7 now no-change ; stat 7',
        'set-times 7 5 6 7 8 ; write 7 "x" 0 ; stat 7', 'set-times 7 5 6 7 8 ; set-size 7 3 ; stat 7', 'set-times 7 5 6 2147483648 0 ; stat 7', 'set-times 7 5 4294967295 no-change', 'set-times 3 5 6 7 8 ; stat 3 ; create-directory-at 3 "n" ; stat 3',
        'set-times-at 3 {} "a.txt" 5 1000000000 now', f'set-times-at 3 {{}} "a.txt" now {HUGE[2]} 0', 'set-times-at 3 {} "a.txt" no-change no-change ; stat 5', 'set-times-at 3 {} "nothing" no-change no-change', 'set-times-at 3 {} "d" 5 6 7 8 ; stat 8',
        # directories
        "read-directory 3 ; read-directory-entries 11", "read-directory 3 ; read-directory 3 ; read-directory-entries 11 ; read-directory-entries 12 ; read-directory-entry 12", "read-directory 4 ; read-directory-entries 11",
        'open-at 3 {} "d/e" {directory} {read} ; read-directory 11 ; read-directory-entry 12 ; read-directory-entry 12', 'open-at 4 {} "d" {directory} {read} ; read-directory 11 ; read-directory-entries 12',
        'create-directory-at 3 "n" ; open-at 3 {} "n" {directory} {read} ; read-directory 11 ; read-directory-entry 12 ; create-directory-at 3 "n/x" ; read-directory-entry 12 ; read-directory 11 ; read-directory-entry 13 ; read-directory-entry 13',
        "read-directory 8 ; drop 8 ; read-directory-entries 11", "read-directory 8 ; drop 11 ; get-type 8", 'open-at 3 {} "d" {directory} {} ; read-directory 11 ; read-directory-entries 12', 'open-at 3 {} "d" {} {write}',
        'stat-at 4 {} "d/pipe" ; stat-at 4 {} "d/socket" ; metadata-hash-at 4 {} "d/pipe"', 'stat-at 4 {} "d/latin" ; readlink-at 4 "d/latin"', 'stat-at 4 {symlink-follow} "d/latin"', 'open-at 4 {} "d/socket" {} {read}', 'stat-at 3 {} "d/e/../f" ; open-at 3 {} "d/e/.." {directory} {read} ; is-same-object 8 11',
        'open-at 3 {} "." {directory} {read mutate-directory} ; is-same-object 3 11 ; create-directory-at 11 "n" ; stat-at 3 {} "n"', 'open-at 3 {} "d/.." {} {read} ; is-same-object 3 11', 'open-at 8 {} "e/.." {directory} {read} ; is-same-object 8 11',
        # hashes: of one file the same, of others not
        'metadata-hash 5 ; metadata-hash 7 ; metadata-hash-at 3 {} "a.txt" ; metadata-hash-at 3 {symlink-follow} "l" ; metadata-hash-at 3 {} "l" ; metadata-hash-at 3 {} "empty" ; metadata-hash 3 ; metadata-hash 8 ; metadata-hash-at 3 {} "d"',
        "get-directories ; is-same-object 3 11 ; is-same-object 4 12 ; drop 3 ; stat-at 11 {} \"a.txt\"", "metadata-hash-at 3 {} \"nothing\"",
    ]


def handles():
    """What is none, any more or of that kind; and all that goes at once."""
    yield from ["drop 5 ; get-type 5", "drop 5 ; drop 5", "get-type 0", "get-type 1000", "get-type -1", "read 1000 1 0", "is-same-object 3 1000", 'rename-at 3 "a.txt" 1000 "b"',
                "read-via-stream 5 0 ; get-type 11", f"{IN}read 5 1", f'{OUT}write 5 "x"', "pollable.ready 5", "read-directory 3 ; get-type 11", "read-directory-entry 3",
                "drop 3 ; drop 4 ; drop 5 ; drop 6 ; drop 7 ; drop 8 ; drop 9 ; drop 10 ; get-directories ; stat 11"]
