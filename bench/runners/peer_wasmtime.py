"""Runs a program in Wasmtime: the protocol of harness/engines.py.   peer_wasmtime.py cranelift|winch|pulley [--fuel]"""
import sys

import wasmtime
from runner import serve
from wasmtime import _ffi

WINCH = 2  # of the C interface; the binding in Python has no name for it

config = wasmtime.Config()
if sys.argv[1] == "pulley":
    config.target = "pulley64"
elif sys.argv[1] == "winch":
    _ffi.wasmtime_config_strategy_set(config.ptr(), WINCH)
config.parallel_compilation = False
config.consume_fuel = "--fuel" in sys.argv
engine = wasmtime.Engine(config)
data = module = store = program = None


def read(path):
    global data
    with open(path, "rb") as file:
        data = file.read()


def load(_):
    global module
    module = wasmtime.Module(engine, data)


def validate(_):
    wasmtime.Module.validate(engine, data)


def instantiate():
    global store
    store = wasmtime.Store(engine)
    if "--fuel" in sys.argv:
        store.set_fuel(1 << 60)
    linker = wasmtime.Linker(engine)
    linker.define_unknown_imports_as_traps(module)
    return linker.instantiate(store, module).exports(store)


def run(scale):
    global program
    if program is None:
        program = instantiate()["bench_run"]
    return program(store, int(scale))


def first(name):
    function = instantiate()[name]
    try:
        function(store)
    except wasmtime.WasmtimeError:
        pass  # the import that traps


serve({"read": read, "load": load, "validate": validate, "run": run, "first": first})
