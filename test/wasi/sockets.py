"""The cases of wasi:sockets, for p2.py: what sockets.def lists, in every state."""

HEAD = """\
# Cases of wasi:sockets, as wasi_p2 reads them (cases.h, p2.c, sockets.c). Made by `p2.py cases sockets`, `wasi_p2 ... record` and
# `p2.py wasmtime`: behind " | " stands what Wasmtime 50.0.1 answers where it answers otherwise. Where that is so, it is because:
#   a socket that streams or pollables of it outlive may be dropped here, and a UDP socket be given new streams, which ends the old
#   ones; there both trap, which WIT leaves open;
#   while it connects, a socket has an address (it is bound "or higher"), has its options, and no peer yet; there it has no address, no
#   options, and a peer as soon as the system has one. After a connection that failed, all is connection-refused there; here what
#   depends on the state is invalid-state, and the options remain;
#   a socket is bound, or listens, once that is finished here, and once it is started there;
#   which of two reasons is told of differs: the state here, the address there; with options, the value here, the state there;
#   this machine's network alone is granted here, any there: 0.0.0.0, [::], multicast and others' addresses are access-denied;
#   [::127.0.0.1] is an address like others here, an IPv4 address inside IPv6 there; ::ffff:127.0.0.1 as text is 127.0.0.1 here, for
#   such addresses are never given;
#   a connection that was reset is an error to the next read here, its end there; that a datagram was refused is told to the next
#   send here, and to the next receive alone there;
#   addresses as text are no look-ups here, and need nothing granted.
# What rules allow, and what comes of the system's errors and of limits, is not asked there."""

MAX64 = 2**64 - 1
LOOPBACK = {"ipv4": "127.0.0.1", "ipv6": "[::1]"}
OTHER = {"ipv4": "ipv6", "ipv6": "ipv4"}


def steps(*parts):
    return " ; ".join(parts)


# ---- TCP: every function in every state ----

def tcp_states(family):
    """Name, steps, the socket. A listener is always 3."""
    at = LOOPBACK[family]
    create = f"create-tcp-socket {family}"

    def bind(n):
        return f"tcp.start-bind {n} {at}:0 ; tcp.finish-bind {n}"

    def listen(n):
        return f"tcp.start-listen {n} ; tcp.finish-listen {n}"

    def connect(n, to, pollable):
        return f"tcp.start-connect {n} @{to} ; tcp.subscribe {n} ; pollable.block {pollable}"

    listener = steps(create, bind(3), listen(3))
    connected = steps(listener, create, connect(4, 3, 5), "tcp.finish-connect 4", "tcp.block 3", "tcp.accept 3")
    refused = steps(listener, create, create, bind(5), connect(4, 5, 6))
    yield "unbound", steps(listener, create), 4
    yield "bind-in-progress", steps(listener, create, f"tcp.start-bind 4 {at}:0"), 4
    yield "bound", steps(listener, create, bind(4)), 4
    yield "listen-in-progress", steps(listener, create, bind(4), "tcp.start-listen 4"), 4
    yield "listening", steps(listener, create, bind(4), listen(4)), 4
    yield "connect-in-progress: its peer's queue is full", steps(
        create, bind(3), "tcp.set-listen-backlog-size 3 1", listen(3), create, create, create,
        connect(4, 3, 7), connect(5, 3, 8), "tcp.start-connect 6 @3"), 6
    yield "connect-in-progress, and done", steps(listener, create, connect(4, 3, 5)), 4
    yield "connect-in-progress, and refused", refused, 4
    yield "closed", steps(refused, "tcp.finish-connect 4"), 4
    yield "connected", connected, 4
    yield "accepted", connected, 8
    for how in "receive", "send", "both":
        yield f"connected, shut down: {how}", steps(connected, f"tcp.shutdown 4 {how}"), 4
    yield "connected, its peer is gone", steps(connected, "drop 9", "drop 10", "drop 8"), 4


OPTIONS = {"keep-alive-enabled": (0, 1), "keep-alive-idle-time": (0, 1, 10**9), "keep-alive-interval": (0, 1, 10**9),
           "keep-alive-count": (0, 1, 2**32 - 1), "hop-limit": (0, 1, 255), "receive-buffer-size": (0, 1, 40000, MAX64),
           "send-buffer-size": (0, 1, 40000, MAX64)}


def tcp_functions(family):
    """With {} for the socket."""
    after = " ; tcp.local-address {} ; tcp.remote-address {} ; tcp.is-listening {}"
    for name in f"start-bind {{}} {LOOPBACK[family]}:0", "start-connect {} @3":
        yield f"tcp.{name}{after}"
    for name in "finish-bind", "start-listen", "finish-listen", "accept", "shutdown {} receive", "shutdown {} send", "shutdown {} both":
        yield f"tcp.{name if '{}' in name else name + ' {}'}{after}"
    yield "tcp.finish-connect {} ; tcp.finish-connect {}"
    for name in ("local-address", "remote-address", "is-listening", "address-family", *OPTIONS):
        yield f"tcp.{name} {{}}"
    for name, values in OPTIONS.items():
        for value in values:
            yield f"tcp.set-{name} {{}} {value} ; tcp.{name} {{}}"
    for value in 0, 1, MAX64:
        yield f"tcp.set-listen-backlog-size {{}} {value}"
    yield "drop {}"


def tcp_in_states(family):
    for name, before, socket in tcp_states(family):
        yield f"# TCP, {family}, {name}"
        yield f": {before}"
        for function in tcp_functions(family):
            yield function.replace("{}", str(socket))
        made = sum(before.count(f) for f in ("create-", "subscribe")) + 2 * before.count("finish-connect") + 3 * before.count("accept")
        if name.startswith("closed"):
            made -= 2
        yield f"tcp.subscribe {socket} ; pollable.ready {3 + made}"


# ---- addresses ----

# That no socket may be bound to, or that are nobody's here.
ADDRESSES = {
    "ipv4": ["127.0.0.1", "127.0.0.2", "127.255.255.254", "0.0.0.0", "255.255.255.255", "224.0.0.1", "239.255.255.255",
             "192.0.2.1", "[::1]", "[::]", "[::ffff:7f00:1]"],
    "ipv6": ["[::1]", "[::1%1]", "[::]", "[ff02::1]", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]", "[2001:db8::1]",
             "[::ffff:7f00:1]", "[::ffff:0:0]", "[::7f00:1]", "127.0.0.1", "0.0.0.0"],
}
# Where no packet may go to, whatever is granted.
NO_DESTINATIONS = {
    "ipv4": ["0.0.0.0:@3", "0.0.0.0:0", "127.0.0.1:0", "255.255.255.255:80", "224.0.0.1:80", "239.255.255.255:80",
             "[::1]:@3", "[::1]:0", "[::]:80", "[::ffff:7f00:1]:@3"],
    "ipv6": ["[::]:@3", "[::]:0", "[::1]:0", "[ff02::1]:80", "[::ffff:7f00:1]:@3", "[::ffff:0:0]:80", "127.0.0.1:@3",
             "127.0.0.1:0", "0.0.0.0:80"],
}

# A datagram to these would go out.
MANY = "255.", "224.", "239.", "[ff"


def binds(protocol, family):
    yield f"# {protocol}, {family}: where a socket may be bound"
    yield f": create-{protocol}-socket {family} ; {protocol}.start-bind 3 {LOOPBACK[family]}:0 ; {protocol}.finish-bind 3 ; create-{protocol}-socket {family}"
    finish = f"{protocol}.finish-bind 4 ; {protocol}.local-address 4"
    for address in ADDRESSES[family]:
        for port in 0, 80 if address not in ("127.0.0.1", "127.0.0.2", "127.255.255.254", "0.0.0.0", "[::1]", "[::1%1]", "[::]") else "@3":
            yield f"{protocol}.start-bind 4 {address}:{port} ; {finish}"
    yield f"{protocol}.start-bind 4 @3 ; {protocol}.start-bind 4 {LOOPBACK[family]}:0 ; {finish}"
    yield f"drop 3 ; {protocol}.start-bind 4 {LOOPBACK[family]}:0 ; {finish}"


def connects(family):
    yield f"# TCP, {family}: whom a socket may connect to"
    at = LOOPBACK[family]
    for state, before in ("unbound", ""), ("bound", f" ; tcp.start-bind 4 {at}:0 ; tcp.finish-bind 4"):
        yield f": create-tcp-socket {family} ; tcp.start-bind 3 {at}:0 ; tcp.finish-bind 3 ; tcp.start-listen 3 ; tcp.finish-listen 3 ; create-tcp-socket {family}{before}"
        for address in NO_DESTINATIONS[family]:
            yield f"tcp.start-connect 4 {address} ; tcp.finish-connect 4 ; tcp.start-connect 4 @3 ; tcp.subscribe 4 ; pollable.block 5 ; tcp.finish-connect 4 ; tcp.remote-address 4"
        yield "tcp.start-connect 4 @3 ; tcp.subscribe 4 ; pollable.block 5 ; pollable.ready 5 ; tcp.finish-connect 4 ; tcp.remote-address 4 ; tcp.start-connect 4 @3"
        yield f"create-tcp-socket {family} ; tcp.start-bind 5 {at}:0 ; tcp.finish-bind 5 ; tcp.start-connect 4 @5 ; tcp.subscribe 4 ; pollable.block 6 ; tcp.finish-connect 4 ; tcp.finish-connect 4 ; tcp.start-connect 4 @3"
        if state == "bound":
            yield "tcp.start-connect 4 @4 ; tcp.subscribe 4 ; pollable.block 5 ; tcp.finish-connect 4 ; tcp.remote-address 4"


# ---- options: what is set is read ----

VALUES = {
    "keep-alive-enabled": (0, 1), "keep-alive-count": (0, 1, 2, 9, 126, 127, 128, 255, 256, 65536, 2**31, 2**32 - 1),
    "hop-limit": (0, 1, 2, 64, 127, 128, 255),
    "keep-alive-idle-time": (0, 1, 999999999, 10**9, 10**9 + 1, 2 * 10**9, 7200 * 10**9, 32767 * 10**9, 32768 * 10**9, 2**63, MAX64),
    "receive-buffer-size": (0, 1, 256, 40000, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63, MAX64),
}
VALUES["keep-alive-interval"] = VALUES["keep-alive-idle-time"]
VALUES["send-buffer-size"] = VALUES["receive-buffer-size"]


def options(family):
    yield f"# Options, {family}"
    yield f": create-tcp-socket {family} ; create-udp-socket {family}"
    for name, values in VALUES.items():
        for value in values:
            yield f"tcp.set-{name} 3 {value} ; tcp.{name} 3"
            if name == "hop-limit":
                yield f"udp.set-unicast-{name} 4 {value} ; udp.unicast-{name} 4"
            elif "buffer" in name:
                yield f"udp.set-{name} 4 {value} ; udp.{name} 4"
    for value in 0, 1, 2, 128, 4096, 2**31, 2**32, MAX64:
        yield f"tcp.set-listen-backlog-size 3 {value} ; tcp.start-bind 3 {LOOPBACK[family]}:0 ; tcp.finish-bind 3 ; tcp.start-listen 3 ; tcp.finish-listen 3 ; tcp.set-listen-backlog-size 3 {value}"
    yield f"# What a connection has from its listener, {family}"
    at = LOOPBACK[family]
    yield f": create-tcp-socket {family} ; create-tcp-socket {family} ; tcp.start-bind 3 {at}:0 ; tcp.finish-bind 3 ; tcp.start-listen 3 ; tcp.finish-listen 3"
    accept = "tcp.start-connect 4 @3 ; tcp.subscribe 4 ; pollable.block 5 ; tcp.finish-connect 4 ; tcp.block 3 ; tcp.accept 3"
    for name, value in ("keep-alive-enabled", 1), ("keep-alive-count", 5), ("keep-alive-idle-time", 5 * 10**9), ("keep-alive-interval", 6 * 10**9), ("hop-limit", 42), ("receive-buffer-size", 40000), ("send-buffer-size", 40000):
        yield f"tcp.set-{name} 3 {value} ; {accept} ; tcp.{name} 8 ; tcp.{name} 4"
        yield f"{accept} ; tcp.set-{name} 3 {value} ; tcp.{name} 8"
    yield f"{accept} ; tcp.address-family 8 ; tcp.is-listening 8"


# ---- what goes over a connection ----

def connection(family):
    at = LOOPBACK[family]
    yield f"# What goes over a connection, {family}"
    yield (f": create-tcp-socket {family} ; create-tcp-socket {family} ; tcp.start-bind 3 {at}:0 ; tcp.finish-bind 3 ; tcp.start-listen 3 ; tcp.finish-listen 3"
           " ; tcp.start-connect 4 @3 ; tcp.subscribe 4 ; pollable.block 5 ; tcp.finish-connect 4 ; tcp.block 3 ; tcp.accept 3")
    write, read = "output-stream.blocking-write-and-flush", "input-stream.blocking-read"
    for here, there, socket in ((7, 9, 4), (10, 6, 8)):
        other = {4: 8, 8: 4}[socket]
        yield f'{write} {here} "hello" ; {read} {there} 100'
        yield f'{write} {here} "hello" ; {read} {there} 2 ; {read} {there} 100'
        yield f'{write} {here} "hello" ; input-stream.subscribe {there} ; pollable.block 11 ; pollable.ready 11 ; input-stream.read {there} 100 ; input-stream.read {there} 100 ; pollable.ready 11'
        yield f'{write} {here} "hello" ; input-stream.blocking-skip {there} 2 ; {read} {there} 100'
        yield f'{write} {here} "hello" ; input-stream.blocking-skip {there} 100 ; input-stream.skip {there} 1 ; input-stream.read {there} 1'
        yield f'{write} {here} "x"*4096 ; {read} {there} 4096'
        yield f'{write} {here} "x"*4097'
        yield f'{write} {here} "" ; input-stream.read {there} 100'
        yield f'output-stream.blocking-write-zeroes-and-flush {here} 20 ; {read} {there} 100'
        yield f'output-stream.subscribe {here} ; pollable.block 11 ; output-stream.check-write {here} ; output-stream.write {here} "abc" ; output-stream.blocking-flush {here} ; {read} {there} 100'
        yield f'output-stream.subscribe {here} ; pollable.block 11 ; output-stream.check-write {here} ; output-stream.write-zeroes {here} 3 ; output-stream.flush {here} ; {read} {there} 100'
        yield f'output-stream.subscribe {here} ; pollable.block 11 ; output-stream.check-write {here}'
        yield f'input-stream.read {there} 0 ; input-stream.skip {there} 0 ; input-stream.read {there} 1 ; input-stream.skip {there} 1'
        yield f'{write} {here} "hello" ; output-stream.blocking-splice {({7: 10, 10: 7})[here]} {there} 100 ; {read} {({9: 6, 6: 9})[there]} 100'
        yield f'tcp.shutdown {socket} send ; {read} {there} 100 ; {write} {here} "x" ; output-stream.check-write {here} ; output-stream.flush {here}'
        yield f'{write} {here} "bye" ; tcp.shutdown {socket} send ; {read} {there} 100 ; {read} {there} 100 ; input-stream.read {there} 100 ; input-stream.skip {there} 1'
        yield f'tcp.shutdown {socket} send ; {write} {({7: 10, 10: 7})[here]} "still" ; {read} {({9: 6, 6: 9})[there]} 100'
        yield f'{write} {here} "lost" ; input-stream.subscribe {there} ; pollable.block 11 ; tcp.shutdown {other} receive ; {read} {there} 100 ; input-stream.read {there} 100'
        yield f'tcp.shutdown {other} receive ; {read} {there} 100 ; input-stream.subscribe {there} ; pollable.ready 11'
        yield f'tcp.shutdown {socket} both ; {write} {here} "x" ; {read} {there} 1 ; tcp.shutdown {socket} both ; tcp.shutdown {socket} send ; tcp.shutdown {socket} receive'
        yield f'drop {socket} ; {write} {here} "hello" ; {read} {there} 100'
        yield f'drop {there} ; drop {socket} ; drop {here} ; tcp.remote-address {other} ; tcp.local-address {other}'
    yield f'drop 9 ; drop 10 ; drop 8 ; {read} 6 100 ; {read} 6 100'
    yield f'{write} 7 "unread" ; drop 9 ; drop 10 ; drop 8 ; {read} 6 100 ; {read} 6 100'
    yield f'tcp.accept 3 ; create-tcp-socket {family} ; tcp.start-connect 11 @3 ; tcp.subscribe 11 ; pollable.block 12 ; tcp.subscribe 3 ; pollable.block 13 ; pollable.ready 13 ; tcp.accept 3 ; pollable.ready 13 ; tcp.accept 3'
    yield f'drop 3 ; {write} 7 "hello" ; {read} 9 100 ; tcp.local-address 8'
    yield f'drop 3 ; create-tcp-socket {family} ; tcp.start-connect 11 {at}:@8 ; tcp.subscribe 11 ; pollable.block 12 ; tcp.finish-connect 11'
    yield f'create-tcp-socket {family} ; tcp.start-bind 11 @3'
    yield f'create-tcp-socket {family} ; create-tcp-socket {family} ; tcp.start-bind 11 {at}:0 ; tcp.finish-bind 11 ; tcp.start-bind 12 @11 ; tcp.finish-bind 12 ; tcp.start-listen 11 ; tcp.finish-listen 11 ; tcp.start-listen 12 ; tcp.finish-listen 12'
    yield f'create-tcp-socket {family} ; tcp.start-bind 11 @4'


# ---- UDP: every function in every state ----

def udp_states(family):
    """Name, steps, the socket, what comes next. A bound peer is always 3."""
    at = LOOPBACK[family]
    peer = f"create-udp-socket {family} ; udp.start-bind 3 {at}:0 ; udp.finish-bind 3 ; create-udp-socket {family}"
    bound = steps(peer, f"udp.start-bind 4 {at}:0 ; udp.finish-bind 4")
    yield "unbound", peer, 5
    yield "bind-in-progress", steps(peer, f"udp.start-bind 4 {at}:0"), 5
    yield "bound", bound, 5
    yield "streaming", steps(bound, "udp.stream 4 none"), 7
    yield "streaming to a peer", steps(bound, "udp.stream 4 @3"), 7
    yield "streamed to a peer", steps(bound, "udp.stream 4 @3 ; drop 5 ; drop 6"), 7
    yield "streamed to a peer, and streaming", steps(bound, "udp.stream 4 @3 ; drop 5 ; drop 6 ; udp.stream 4 none"), 9


def udp_in_states(family):
    after = " ; udp.local-address 4 ; udp.remote-address 4"
    for name, before, next_handle in udp_states(family):
        yield f"# UDP, {family}, {name}"
        yield f": {before}"
        yield f"udp.start-bind 4 {LOOPBACK[family]}:0{after}"
        yield f"udp.finish-bind 4{after}"
        for remote in ("none", "@3", *NO_DESTINATIONS[family]):
            yield f"udp.stream 4 {remote}{after}"
        for get in "local-address", "remote-address", "address-family", "unicast-hop-limit", "receive-buffer-size", "send-buffer-size":
            yield f"udp.{get} 4"
        for option, values in ("unicast-hop-limit", (0, 1, 255)), ("receive-buffer-size", (0, 1, 40000, MAX64)), ("send-buffer-size", (0, 1, 40000, MAX64)):
            for value in values:
                yield f"udp.set-{option} 4 {value} ; udp.{option} 4"
        yield f"udp.subscribe 4 ; pollable.ready {next_handle}"
        yield "drop 4"


def datagrams(family):
    at = LOOPBACK[family]
    bound = f"create-udp-socket {family} ; udp.start-bind 3 {at}:0 ; udp.finish-bind 3 ; create-udp-socket {family} ; udp.start-bind 4 {at}:0 ; udp.finish-bind 4 ; udp.stream 3 none"
    arrived = "incoming.subscribe 5 ; pollable.block 9 ; incoming.receive 5 100"
    most = {"ipv4": 65507, "ipv6": 65527}[family]
    for name, remote in ("anyone", "none"), ("one peer", "@3"):
        yield f"# Datagrams to {name}, {family}"
        yield f": {bound} ; udp.stream 4 {remote}"
        to = "@3" if remote == "none" else "none"
        yield f'outgoing.check-send 8 ; outgoing.send 8 "hello" {to} ; {arrived}'
        yield f'outgoing.check-send 8 ; outgoing.send 8 "hello" @3 ; {arrived}'
        yield f'outgoing.check-send 8 ; outgoing.send 8 "hello" none'
        heard = "incoming.block 7 ; incoming.receive 7 1" if remote == "none" else "incoming.subscribe 7 ; pollable.ready 9"
        yield f'outgoing.check-send 8 ; outgoing.send 8 "hello" @4 ; {heard}'
        for address in [a for a in NO_DESTINATIONS[family] if not a.startswith(MANY)]:
            yield f'outgoing.check-send 8 ; outgoing.send 8 "x" {address}'
            yield f'outgoing.check-send 8 ; outgoing.send 8 "x" {to} "y" {address} ; {arrived}'
        yield f'outgoing.check-send 8 ; outgoing.send 8 "" {to} ; {arrived}'
        yield f'outgoing.check-send 8 ; outgoing.send 8 "a" {to} "b" {to} "c" {to} ; {arrived}'
        yield f'outgoing.check-send 8 ; outgoing.send 8 "a" {to} "b" {to} "c" {to} ; incoming.subscribe 5 ; pollable.block 9 ; incoming.receive 5 0 ; incoming.receive 5 1 ; incoming.receive 5 1 ; incoming.receive 5 {MAX64} ; incoming.receive 5 1'
        for size in 1, 1472, 9000, most:
            yield f'outgoing.check-send 8 ; outgoing.send 8 "x"*{size} {to} ; {arrived}'
        for size in most + 1, 65536, 100000:
            yield f'outgoing.check-send 8 ; outgoing.send 8 "x"*{size} {to} ; incoming.receive 5 1'
            yield f'outgoing.check-send 8 ; outgoing.send 8 "y" {to} "x"*{size} {to} ; {arrived}'
        yield 'outgoing.check-send 8 ; outgoing.send 8 ; outgoing.send 8'
        yield 'outgoing.send 8'
        yield f'outgoing.send 8 "x" {to}'
        yield f'outgoing.check-send 8 ; outgoing.send 8 "x" {to} ; outgoing.send 8 "x" {to}'
        yield f'outgoing.check-send 8 ; outgoing.check-send 8 ; outgoing.send 8 "x" {to} ; {arrived}'
        yield 'outgoing.check-send 8 ; outgoing.send 8' + f' "x" {to}' * 16 + f' ; {arrived}'
        yield 'outgoing.check-send 8 ; outgoing.send 8' + f' "x" {to}' * 40
        yield f'outgoing.subscribe 8 ; pollable.block 9 ; pollable.ready 9'
        yield 'incoming.receive 7 0 ; incoming.receive 7 1 ; incoming.receive 7 100 ; incoming.subscribe 7 ; pollable.ready 9'
        yield f'outgoing.check-send 6 ; outgoing.send 6 "to you" @4 ; incoming.subscribe 7 ; pollable.block 9 ; incoming.receive 7 1'
        yield (f'create-udp-socket {family} ; udp.start-bind 9 {at}:0 ; udp.finish-bind 9 ; udp.stream 9 none ; outgoing.check-send 11 ; outgoing.send 11 "from a third" @4'
               ' ; ' + heard.replace("9", "12"))
        for again in "none", "@3":
            yield f"udp.stream 4 {again}"
            yield f'drop 7 ; udp.stream 4 {again}'
            yield f'drop 7 ; drop 8 ; udp.stream 4 {again} ; udp.remote-address 4 ; outgoing.check-send 10 ; outgoing.send 10 "again" {"@3" if again == "none" else "none"} ; {arrived.replace("9", "11")}'
        yield f'drop 4 ; udp.stream 3 none'
        yield f'drop 4 ; outgoing.check-send 8 ; outgoing.send 8 "x" {to} ; {arrived}'
        yield 'drop 7 ; drop 8 ; udp.local-address 4 ; udp.remote-address 4'
        yield (f'drop 5 ; drop 6 ; drop 3 ; outgoing.check-send 8 ; outgoing.send 8 "x" {at}:@4')
    yield f": {bound} ; udp.stream 4 @3 ; drop 5 ; drop 6 ; drop 3"
    yield 'outgoing.check-send 8 ; outgoing.send 8 "nobody" none ; incoming.subscribe 7 ; pollable.block 9 ; incoming.receive 7 1 ; incoming.receive 7 1'
    yield 'outgoing.check-send 8 ; outgoing.send 8 "nobody" none ; incoming.subscribe 7 ; pollable.block 9 ; outgoing.check-send 8 ; outgoing.send 8 "nobody" none'


# ---- names ----

LITERALS = ["127.0.0.1", "0.0.0.0", "255.255.255.255", "192.0.2.1", "::1", "::", "2001:db8::1", "1:2:3:4:5:6:7:8", "FE80::A", "::ffff:127.0.0.1"]
NO_NAMES = ["", " ", "a b", "localhost ", " localhost", "localhost\\x0a", "localhost\\0", "\\0", "127.0.0.1:80",
            "localhost:80", "[localhost]", "http://localhost", "localhost/", "@localhost", "a%b", "1:2", ":::", "1::2::3", "12345::", "127.0.0.1.2", "256.0.0.1"]
# Those that Wasmtime asks the system about, which takes the time it takes.
ODD_NAMES = [".", "..", "a..b", ".localhost", "x" * 63, "x" * 64, "x." * 126 + "x", "x." * 127, "x." * 127 + "x", "x." * 150 + "x"]


def names():
    yield "# Names of hosts"
    yield ": create-tcp-socket ipv4"
    for name in LITERALS:
        yield f'resolve-addresses "{name}" ; lookup.subscribe 4 ; pollable.block 5 ; pollable.ready 5 ; resolve-next-address 4 ; resolve-next-address 4 ; resolve-next-address 4'
        yield f'resolve-addresses "{name}" ; resolve-all-addresses 4 ; drop 4'
    for name in "localhost", "LOCALHOST", "LocalHost":
        yield f'resolve-addresses "{name}" ; resolve-all-addresses 4 ; resolve-next-address 4 ; resolve-next-address 4'
        yield f'resolve-addresses "{name}" ; drop 4'
        yield f'resolve-addresses "{name}" ; lookup.subscribe 4 ; drop 5 ; drop 4'
    yield 'resolve-addresses "localhost" ; resolve-addresses "localhost" ; resolve-all-addresses 5 ; resolve-all-addresses 4'
    for name in (*NO_NAMES, "127.0.0.1\\0"):
        yield f'resolve-addresses "{name}"'


# ---- what rules allow ----

RULES = ["nothing", "tcp 127.0.0.1", "tcp 127.0.0.1:1", "tcp 127.0.0.1:2-10", "tcp 127.0.0.0/30:1-10", "tcp 127.0.0.0/8", "tcp *", "tcp *:10",
         "tcp [::1]", "tcp [::1]:1-2", "tcp [::/127]", "tcp localhost:1", "tcp listen:127.0.0.1", "tcp listen:127.0.0.0/8",
         "tcp listen:0.0.0.0", "tcp listen:*", "tcp listen:[::]", "tcp listen:127.0.0.1 ; tcp 127.0.0.1",
         "udp 127.0.0.1", "udp 127.0.0.1:1", "udp 127.0.0.0/30:1-10", "udp *", "udp *:10", "udp [::1]", "udp localhost:1",
         "udp listen:127.0.0.1", "udp listen:*", "udp listen:0.0.0.0", "udp listen:127.0.0.1 ; udp 127.0.0.2", "udp listen:[::1]",
         "dns localhost", "dns *.localhost", "tcp *.localhost"]


def tcp_attempts(family):
    connects, binds = {
        "ipv4": (["127.0.0.1:1", "127.0.0.1:10", "127.0.0.1:11", "127.0.0.3:10", "127.0.0.4:10", "127.0.0.1:0", "0.0.0.0:1", "224.0.0.1:1"],
                 ["127.0.0.1", "127.0.0.2", "0.0.0.0"]),
        "ipv6": (["[::1]:1", "[::1]:3", "[::ffff:7f00:1]:1", "[::]:1"], ["[::1]", "[::]"]),
    }[family]
    create = f"create-tcp-socket {family}"
    for address in connects:
        yield f"{create} ; tcp.start-connect 3 {address}"
    for address in binds:
        yield f"{create} ; tcp.start-bind 3 {address}:0 ; tcp.finish-bind 3 ; tcp.start-listen 3 ; tcp.finish-listen 3 ; tcp.is-listening 3"
        yield f"{create} ; {create} ; tcp.start-bind 3 {address}:0 ; tcp.finish-bind 3 ; tcp.start-bind 4 @3"


def udp_attempts(family):
    at = LOOPBACK[family]
    peers, binds = {
        "ipv4": (["127.0.0.1:1", "127.0.0.1:10", "127.0.0.1:11", "127.0.0.3:10", "127.0.0.4:10", "224.0.0.1:11"],
                 ["127.0.0.1", "127.0.0.2", "0.0.0.0"]),
        "ipv6": (["[::1]:1", "[::1]:3", "[ff02::1]:1"], ["[::1]", "[::]"]),
    }[family]
    create = f"create-udp-socket {family}"
    bound = f"{create} ; udp.start-bind 3 {at}:0 ; udp.finish-bind 3"
    for address in peers:
        yield f"{bound} ; udp.stream 3 {address} ; udp.remote-address 3"
        if not address.startswith(MANY):
            yield f'{bound} ; udp.stream 3 none ; outgoing.check-send 5 ; outgoing.send 5 "x" {address}'
    for address in binds:
        yield f"{create} ; {create} ; udp.start-bind 3 {address}:0 ; udp.finish-bind 3 ; udp.start-bind 4 @3"
    # 3 and 6 send to each other: who hears whom, and may answer?
    both = f"{bound} ; udp.stream 3 none ; {create} ; udp.start-bind 6 {'127.0.0.2' if family == 'ipv4' else at}:0 ; udp.finish-bind 6 ; udp.stream 6 none"
    send = 'outgoing.check-send {0} ; outgoing.send {0} "x" @{1} ; incoming.receive {2} 9'
    yield f"{both} ; {send.format(5, 6, 7)} ; {send.format(8, 3, 4)}"
    yield f"{both} ; {send.format(8, 3, 4)} ; {send.format(5, 6, 7)}"


def rules():
    attempts = {"tcp": tcp_attempts, "udp": udp_attempts}
    yield "# What is granted"
    for rule in RULES:
        families = [family for family, marks in (("ipv4", ".*t"), ("ipv6", "[*")) if any(mark in rule for mark in marks)]
        yield f"! {rule} ; ipv6" if "ipv6" in families else f"! {rule}"
        yield ": "
        for protocol in attempts:
            if protocol not in rule:
                yield f"create-{protocol}-socket ipv4"
                continue
            for family in families:
                yield from attempts[protocol](family)
            if ".localhost" not in rule and "localhost" in rule:
                first = {"tcp": "create-tcp-socket ipv4", "udp": "create-udp-socket ipv4 ; udp.start-bind 3 127.0.0.1:0 ; udp.finish-bind 3"}[protocol]
                ask = {"tcp": "tcp.start-connect 3 127.0.0.1:1", "udp": "udp.stream 3 127.0.0.1:1"}[protocol]
                yield f'{first} ; resolve-addresses "localhost" ; {ask} ; resolve-all-addresses 4 ; {ask}'
                yield f'{first} ; resolve-addresses "127.0.0.1" ; resolve-all-addresses 4 ; {ask}'
        names = ("localhost", "LOCALHOST", "localhost.", "local", "a.localhost.org", "a.localhos", "a..b") if "localhost" in rule else ()
        for name in ("localhost", *names[1:], "127.0.0.1", "::1"):
            yield f'resolve-addresses "{name}"'


# ---- what the system may say ----

ERRNOS = ["ACCES", "ADDRINUSE", "ADDRNOTAVAIL", "AFNOSUPPORT", "ALREADY", "BADF", "CONNABORTED", "CONNREFUSED", "CONNRESET", "HOSTUNREACH", "INVAL",
          "IO", "ISCONN", "MFILE", "NETDOWN", "NETUNREACH", "NFILE", "NOBUFS", "NOMEM", "NOTCAPABLE", "NOTCONN", "NOTSUP", "PERM", "PROTONOSUPPORT",
          "TIMEDOUT"]


def faults():
    def bound(protocol, n):
        return f"create-{protocol}-socket ipv4 ; {protocol}.start-bind {n} 127.0.0.1:0 ; {protocol}.finish-bind {n}"

    connected = f"{bound('tcp', 3)} ; tcp.start-listen 3 ; tcp.finish-listen 3 ; create-tcp-socket ipv4 ; tcp.start-connect 4 @3 ; tcp.block 4 ; tcp.finish-connect 4"
    attempts = {
        "open": ["create-tcp-socket ipv4", "create-udp-socket ipv4"],
        "bind": [f"create-{protocol}-socket ipv4 ; {protocol}.start-bind 3 127.0.0.1:0 ; {protocol}.finish-bind 3 ; {protocol}.start-bind 3 127.0.0.1:0"
                 for protocol in ("tcp", "udp")],
        "connect": [f"{bound('tcp', 3)} ; tcp.start-connect 3 127.0.0.1:1 ; tcp.finish-connect 3 ; tcp.finish-connect 3 ; tcp.start-connect 3 127.0.0.1:1",
                    f"{bound('udp', 3)} ; udp.stream 3 127.0.0.1:1 ; udp.remote-address 3 ; udp.stream 3 none"],
        "listen": [f"{bound('tcp', 3)} ; tcp.start-listen 3 ; tcp.finish-listen 3 ; tcp.is-listening 3 ; tcp.start-listen 3"],
        "accept": [f"{connected} ; tcp.block 3 ; tcp.accept 3 ; tcp.is-listening 3"],
        "resolve": ['resolve-addresses "localhost" ; resolve-next-address 3 ; resolve-next-address 3', 'resolve-addresses "127.0.0.1" ; resolve-next-address 3'],
    }
    yield "# What the system may say"
    for function, tries in attempts.items():
        for errno in ["NOENT", "AGAIN", "IO"] if function == "resolve" else ERRNOS + ["AGAIN"] * (function == "accept"):
            yield f"! loopback ; fails {function} {errno}"
            yield from tries
    yield "! dns * ; fails resolve NOENT"
    for name in ODD_NAMES:
        yield f'resolve-addresses "{name}"'
    for name in "münchen.de", "xn--mnchen-3ya.de", "☃.net", "xn--n3h.net", "ａ.net", "a。net":
        yield f'resolve-addresses "{name}"'
    yield "# How many sockets there may be"
    for count in 1, 2, 3:
        yield f"! loopback ; sockets {count}"
        yield " ; ".join(["create-tcp-socket ipv4", "create-udp-socket ipv4", "create-tcp-socket ipv4", "create-udp-socket ipv4"])
        yield "create-tcp-socket ipv4 ; drop 3 ; create-udp-socket ipv4 ; drop 4 ; create-tcp-socket ipv4"
        if count > 1:
            yield f"{connected} ; tcp.block 3 ; tcp.accept 3 ; drop 5 ; drop 6 ; drop 4 ; tcp.accept 3"


def cases():
    yield HEAD
    for family in LOOPBACK:
        yield "! loopback" if family == "ipv4" else "! loopback ; ipv6"
        yield from tcp_in_states(family)
        yield from binds("tcp", family)
        yield from connects(family)
        yield from connection(family)
        yield from udp_in_states(family)
        yield from binds("udp", family)
        yield from datagrams(family)
        yield from options(family)
    yield "! loopback"
    yield from names()
    yield from rules()
    yield ": "
    yield from faults()
