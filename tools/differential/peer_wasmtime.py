"""Generated modules on standard input -> what Wasmtime makes of them: see ours.c."""
import struct
import sys

import wasmtime

WORDS = [("table", "table"), ("unreachable", "unreachable"), ("array access", "array"), ("out of bounds memory", "memory"),
         ("uninitialized element", "indirect"), ("indirect call type", "indirect"), ("null", "null"),
         ("divide by zero", "divide"), ("integer overflow", "overflow"), ("conversion to integer", "overflow"),
         ("cast failure", "cast"), ("unaligned", "unaligned"), ("exception", "exception")]

config = wasmtime.Config()
config.cranelift_opt_level = "none" if "--quick" in sys.argv else "speed"
for feature in ("gc", "function_references", "exceptions", "memory64", "multi_memory", "tail_call", "threads", "wide_arithmetic"):
    setattr(config, f"wasm_{feature}", True)
engine = wasmtime.Engine(config)


def word(error):
    text = str(error)
    text = text[text.find("wasm trap:"):] if "wasm trap:" in text else text
    return next((word for part, word in WORDS if part in text), text.replace("\n", " "))


def call(store, function):
    try:
        return f"{function(store) & 0xffffffffffffffff:016x}"
    except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
        return word(error)


def run(code):
    try:
        store = wasmtime.Store(engine)
        module = wasmtime.Module(engine, code)
        collect = wasmtime.Func(store, wasmtime.FuncType([], []), lambda: None)
        exports = wasmtime.Instance(store, module, [collect]).exports(store)
        return " ".join(call(store, exports[export.name]) for export in module.exports)
    except wasmtime.WasmtimeError as error:
        return str(error).replace("\n", " ")


data, at, number = sys.stdin.buffer.read(), 0, 0
while at < len(data):
    size, = struct.unpack_from("<I", data, at)
    print(number, run(data[at + 4:at + 4 + size]), flush=True)
    at, number = at + 4 + size, number + 1
