// Generated modules on standard input → what V8 makes of them: see ours.c.
'use strict';
const fs = require('fs');

// By V8's messages.
const words = [
  [/unreachable/, 'unreachable'],
  [/table index is out of bounds|table access out of bounds|element segment/, 'table'],
  [/array element access out of bounds/, 'array'],
  [/memory access out of bounds|data segment/, 'memory'],
  [/null function or function signature mismatch/, 'indirect'],
  [/dereferencing a null pointer/, 'null'],
  [/divide by zero|remainder by zero/, 'divide'],
  [/unrepresentable/, 'overflow'],
  [/illegal cast/, 'cast'],
  [/unaligned accesses/, 'unaligned'],
];

function call(func) {
  try {
    return BigInt.asUintN(64, func()).toString(16).padStart(16, '0');
  } catch (e) {
    if (e instanceof WebAssembly.Exception) return 'exception';
    return words.find(([pattern]) => pattern.test(e.message))?.[1] ?? e.message;
  }
}

function run(bytes) {
  try {
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { '': { collect() {} } });
    return Object.keys(exports).map((name) => call(exports[name])).join(' ');
  } catch (e) {
    return e.message;
  }
}

const input = fs.readFileSync(0);
for (let at = 0, i = 0; at < input.length; i++) {
  const size = input.readUInt32LE(at);
  console.log(`${i} ${run(input.subarray(at + 4, at + 4 + size))}`);
  at += 4 + size;
}
