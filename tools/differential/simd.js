// Random modules of vector instructions: node simd.js DIRECTORY COUNT FIRST-SEED, one file a seed.
//
// Rows, signatures and immediates come from ops.def. Functions are trees of expressions over constants, parameters,
// locals, a global, memory, calls of earlier functions, blocks and branches. Wherever arithmetic may give a NaN, lanes
// that are NaNs become 0: payloads are every engine's own. Relaxed instructions are left out for the same reason.
'use strict';
const fs = require('fs');
const path = require('path');

const table = fs.readFileSync(path.join(__dirname, '../../src/module/ops.def'), 'utf8');
const rows = [...table.matchAll(/OP\((\w+),\s*0xfd,\s*(0x\w+),\s*"(\S+)",\s*(\w+),\s*"(\S*)",\s*SIMD,/g)].map(
  ([, , code, text, imm, signature]) => {
    const [operands, result] = signature.split(':');
    return { code: Number(code), text, imm, operands, result };
  });
const producers = (type) => rows.filter((row) => row.result === type);
const stores = rows.filter((row) => row.result === '');
const types = { i: 0x7f, I: 0x7e, f: 0x7d, F: 0x7c, V: 0x7b };
const arithmetic = /^f(32x4|64x2)\.(add|sub|mul|div|min|max|sqrt|ceil|floor|trunc|nearest|demote|promote)/;
const MEMORY = 4096;

let state;
const random = (n) => {
  state ^= state << 13; state ^= state >>> 17; state ^= state << 5;
  return (state >>> 0) % n;
};
const pick = (list) => list[random(list.length)];

const unsigned = (n) => n < 128 ? [n] : [n % 128 | 128, ...unsigned(Math.floor(n / 128))];
const signed = (n) => n >= -64 && n < 64 ? [Number(n) & 127] : [Number(BigInt.asUintN(7, BigInt(n))) | 128, ...signed(BigInt(n) >> 7n)];
const vec = (items) => [...unsigned(items.length), ...items.flat()];
const sized = (bytes) => [...unsigned(bytes.length), ...bytes];
const section = (id, bytes) => [id, ...sized(bytes)];

function special() {
  const view = new DataView(new ArrayBuffer(8));
  const floats = [0, -0, 1, -1, 0.5, 1.5, 2.5, -0.5, NaN, Infinity, -Infinity, 2 ** 31, -(2 ** 31), 2 ** 32, 2 ** 23 + 1, 1e-40, 1e300,
    2147483647.5, 4294967295.5, -2147483648.9];
  switch (random(4)) {
    case 0: view.setFloat64(0, pick(floats), true); break;
    case 1: view.setFloat32(0, pick(floats), true); view.setFloat32(4, pick(floats), true); break;
    case 2: for (let i = 0; i < 8; i++) view.setUint8(i, pick([0, 1, 127, 128, 255, 254, 16, 15])); break;
    default: for (let i = 0; i < 8; i++) view.setUint8(i, random(256));
  }
  return [...new Uint8Array(view.buffer)];
}

function makeFunction(type, earlier) {
  const locals = [...type.params, ...'VVViIfF'];
  const local = (t) => pick(locals.flatMap((l, i) => l === t ? [i] : []));
  const get = (t) => [0x20, local(t)];
  const constant = (t) => {
    const bytes = special();
    switch (t) {
      case 'i': return [0x41, ...signed(random(3) ? random(300) - 20 : random(2 ** 32) | 0)];
      case 'I': return [0x42, ...signed(BigInt(random(2 ** 32)) * 65537n - 100n)];
      case 'f': return [0x43, ...bytes.slice(0, 4)];
      case 'F': return [0x44, ...bytes];
      default: return [0xfd, 0x0c, ...bytes, ...special()];
    }
  };
  const address = (depth) => [...tree('i', depth - 1), 0x41, ...signed(MEMORY / 2 - 1), 0x71, ...(random(3) ? [] : [0x41, ...signed(random(64)), 0x6a])];
  const immediates = ({ text, imm, operands }) => {
    const lanes = { i8x16: 16, i16x8: 8, i32x4: 4, i64x2: 2, f32x4: 4, f64x2: 2 }[text.split('.')[0]];
    const width = Number(text.match(/(\d+)_lane/)?.[1]);
    const memarg = [0, ...unsigned(random(2) ? 0 : random(MEMORY / 4))];
    switch (imm) {
      case 'V128': return [...special(), ...special()];
      case 'SHUFFLE': return shuffle();
      case 'LANE': return [random(lanes)];
      case 'MEMARG': return memarg;
      case 'MEMARG_LANE': return [...memarg, random(128 / width)];
      default: return [];
    }
  };
  // Of single bytes, or of larger lanes.
  const shuffle = () => {
    const size = pick([1, 1, 2, 4, 8]);
    return Array.from({ length: 16 / size }, () => random(32 / size)).flatMap((lane) =>
      Array.from({ length: size }, (_, i) => lane * size + i));
  };
  const apply = (row, depth) => {
    const operands = [...row.operands].flatMap((o) => o === 'a' ? address(depth) : tree(o, depth - 1));
    const code = [...operands, 0xfd, ...unsigned(row.code), ...immediates(row)];
    if (!arithmetic.test(row.text)) return code;
    const is32 = row.text.startsWith('f32');
    const v = local('V');
    return [...code, 0x22, v, 0x20, v, 0x20, v, 0xfd, is32 ? 0x41 : 0x47, 0xfd, 0x4e, 0x22, v];
  };
  const block = (t, code) => [0x02, types[t], ...code, 0x0b];
  function tree(t, depth) {
    if (depth <= 0) return random(3) ? get(t) : constant(t);
    const callable = earlier.flatMap((f, i) => f.result === t ? [[f, i]] : []);
    switch (random(12)) {
      case 0: return get(t);
      case 1: return [...tree(t, depth - 1), 0x22, local(t)];
      case 2: return [...tree(t, depth - 1), ...tree(t, depth - 1), ...tree('i', depth - 1), 0x1c, 1, types[t]];
      case 3: return block(t, [...tree(t, depth - 1), ...tree('i', depth - 1), 0x0d, 0, 0x1a, ...tree(t, depth - 1)]);
      case 4: return [...tree('i', depth - 1), 0x04, types[t], ...tree(t, depth - 1), 0x05, ...tree(t, depth - 1), 0x0b];
      case 5: if (callable.length && depth > 2) {
        const [f, index] = pick(callable);
        return [...[...f.params].flatMap((p) => tree(p, depth - 2)), 0x10, ...unsigned(index)];
      } break;
      case 6: if (t === 'V') return random(2) ? [0x23, 0] : [...tree(t, depth - 1), 0x24, 0, 0x23, 0]; break;
      case 7: return block(t, [...tree(t, depth - 1), ...statement(depth - 1)]);
    }
    const choices = producers(t);
    return choices.length ? apply(pick(choices), depth) : get(t);
  }
  function statement(depth) {
    const t = pick(['V', 'V', 'V', 'i', 'I']);
    switch (random(3)) {
      case 0: return [...tree(t, depth), 0x21, local(t)];
      case 1: return [...tree(t, depth), 0x1a];
      default: return apply(pick(stores), depth);
    }
  }
  const code = [];
  for (let i = random(6) + 1; i > 0; i--) code.push(...statement(4));
  code.push(...(type.result ? tree(type.result, 5) : []), 0x0b);
  return sized([...vec(locals.slice(type.params.length).map((t) => [1, types[t]])), ...code]);
}

function makeModule(seed) {
  state = seed * 2654435761 | 1;
  for (let i = 0; i < 8; i++) random(1);
  const functions = [];
  const bodies = [];
  for (let i = 0; i < 20; i++) {
    const inner = i < 10;
    const params = Array.from({ length: random(5) }, () => pick(inner ? 'iIfFVVVV' : 'iIfF'));
    const type = { params, result: pick(inner ? 'iIfFVVVV' : 'iI'), inner };
    bodies.push(makeFunction(type, functions));
    functions.push(type);
  }
  const name = (text) => sized([...Buffer.from(text)]);
  const exports = functions.flatMap((f, i) => f.inner ? [] : [[...name('f' + i), 0, ...unsigned(i)]]);
  exports.push([...name('m'), 2, 0]);
  return Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, vec(functions.map((f) => [0x60, ...vec(f.params.map((t) => [types[t]])), 1, types[f.result]]))),
    ...section(3, vec(functions.map((_, i) => unsigned(i)))),
    ...section(5, [1, 0, 1]),
    ...section(6, [1, 0x7b, 1, 0xfd, 0x0c, ...special(), ...special(), 0x0b]),
    ...section(7, vec(exports)),
    ...section(10, vec(bodies)),
    ...section(11, [1, 0, 0x41, 0, 0x0b, ...sized(Array.from({ length: MEMORY / 8 }, special).flat())])]);
}

const [directory, count, first] = process.argv.slice(2);
for (let seed = Number(first); seed < Number(first) + Number(count); seed++)
  fs.writeFileSync(path.join(directory, `simd-${seed}.wasm`), makeModule(seed));
