"""Runs a program in wasm3: the protocol of harness/engines.py."""
import wasm3
from runner import serve

environment = wasm3.Environment()
runtime = environment.new_runtime(1 << 20)
data = program = None


def read(path):
    global data
    with open(path, "rb") as file:
        data = file.read()


def load(_):
    runtime.load(environment.parse_module(data))


def run(scale):
    global program
    program = program or runtime.find_function("bench_run")
    return program(int(scale))


def first(name):
    try:
        runtime.find_function(name)()
    except RuntimeError:
        pass  # the import that is missing


serve({"read": read, "load": load, "run": run, "first": first})
