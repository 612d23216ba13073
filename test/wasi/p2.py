#!/usr/bin/env python3
"""The cases of WASI 0.2:   p2.py cases TABLE | p2.py wasmtime GUEST.wasm CASES

cases     -> the cases of a table without results, one a line; `wasi_p2 GUEST.wasm CASES record` adds what Sandglass answers
wasmtime  runs CASES under Wasmtime (pip install wasmtime) and prints them again: where it answers otherwise, that
          stands behind '|' (cases.h and steps.h say what a line means)
"""
import ctypes
import sys

import files
import p1
import sockets


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
        print("\n".join({"files": files.cases, "sockets": sockets.cases}[sys.argv[2]]()))
    else:
        p1.run_under_wasmtime(Wasmtime(sys.argv[2]), sys.argv[3])
