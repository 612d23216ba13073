// Random modules of exception handling: node exceptions.js DIRECTORY COUNT FIRST-SEED, one file a seed.
//
// Functions from i32 to i32 are trees of expressions over constants, locals, a global that traces what happens, calls
// of earlier functions, loops, throws of tags with all kinds of values, try_table with its catches, and the older try
// with catch, catch_all, delegate and rethrow. Another global counts down the work, and ends it with a trap.
'use strict';
const fs = require('fs');
const path = require('path');

const types = { i: 0x7f, I: 0x7e, f: 0x7d, F: 0x7c, V: 0x7b, x: 0x69 };
const tags = ['', 'i', 'Ii', 'FiIfi', 'Vi', 'iiiiiiiii'];
const TRACE = 0, WORK = 1, LOCALS = 3, REFERENCE = 3, FUNCTIONS = 8; // of the locals, the i32 come first

let state;
const random = (n) => {
  state ^= state << 13; state ^= state >>> 17; state ^= state << 5;
  return (state >>> 0) % n;
};
const pick = (list) => list[random(list.length)];

const unsigned = (n) => n < 128 ? [n] : [n % 128 | 128, ...unsigned(Math.floor(n / 128))];
const signed = (n) => n >= -64 && n < 64 ? [n & 127] : [n & 127 | 128, ...signed(n >> 7)];
const vec = (items) => [...unsigned(items.length), ...items.flat()];
const sized = (bytes) => [...unsigned(bytes.length), ...bytes];
const section = (id, bytes) => [id, ...sized(bytes)];

// Function types are made as they are needed.
let signatures;
const typeIndex = (params, results) => {
  const key = `${params}:${results}`;
  if (!signatures.has(key)) signatures.set(key, signatures.size);
  return signatures.get(key);
};
const blockType = (results) => results === '' ? [0x40] : results.length === 1 ? [types[results]] : signed(typeIndex('', results));

const i32 = (n) => [0x41, ...signed(n)];
const mix = [...i32(31), 0x6c, 0x6a]; // a + 31 * b
// The newest operand, of a type → i32.
const toI32 = { i: [], I: [0xa7], f: [0xbc], F: [0xbd, 0xa7], V: [0xfd, ...unsigned(0x1d), 1, 0xa7], x: [0x21, REFERENCE, ...i32(3)] };
const reduce = (list) => list === '' ? i32(random(100)) :
  [...list].reverse().flatMap((t, i) => [...toI32[t], ...(i ? [0x20, 2, ...mix] : []), 0x21, 2]).concat(0x20, 2);

function makeFunction(earlier) {
  let budget = 400; // expressions
  // Where both forms meet in a function, engines do not agree on what is delegated.
  const newer = random(2) === 0, older = !newer && random(3) > 0;
  const labels = []; // innermost last: { results, kind }
  const find = (wanted) => labels.flatMap((label, i) => wanted(label) ? [labels.length - 1 - i] : []);
  const within = (label, make) => {
    labels.push(label);
    const bytes = make();
    labels.pop();
    return bytes;
  };
  const note = (value) => [...value, 0x23, TRACE, ...mix, 0x24, TRACE];
  const work = [0x23, WORK, 0x45, 0x04, 0x40, 0x00, 0x0b, 0x23, WORK, ...i32(1), 0x6b, 0x24, WORK];
  const value = (t, depth) => {
    switch (t) {
      case 'i': return expression(depth);
      case 'I': return [...expression(depth), 0xac];
      case 'f': return [...expression(depth), 0xb2];
      case 'F': return [...expression(depth), 0xb7];
      default: return [...expression(depth), 0xfd, 0x11];
    }
  };
  const values = (list, depth) => [...list].flatMap((t) => value(t, depth - 2));

  // A throw, when some value says so.
  const mayThrow = (depth) => {
    const tag = random(tags.length);
    const rethrown = find((label) => label.kind === 'catch');
    const thrown = random(4) === 0 ? [0x20, REFERENCE, 0xd1, 0x45, 0x04, 0x40, 0x20, REFERENCE, 0x0a, 0x0b] :
      random(2) && rethrown.length ? [0x09, ...unsigned(pick(rethrown) + 1)] : within({ results: '' }, () => [...values(tags[tag], depth), 0x08, tag]);
    return [...expression(depth - 1), ...i32(1 + random(3)), 0x71, 0x04, 0x40, ...thrown, 0x0b];
  };

  // Blocks around a try_table whose catches lead to them; each says what it got.
  const tryTable = (depth) => within({ results: 'i' }, () => {
    const caught = Array.from({ length: random(4) }, () => {
      const tag = random(tags.length), kind = random(4);
      return { tag, kind, results: (kind < 2 ? tags[tag] : '') + (kind % 2 ? 'x' : '') };
    });
    caught.forEach(({ results }) => labels.push({ results }));
    const clauses = caught.filter(() => random(5)).map(({ tag, kind, results }) => {
      const targets = find((label) => label.results === results);
      return [kind, ...(kind < 2 ? [tag] : []), ...unsigned(pick(targets))];
    });
    if (random(2)) clauses.reverse();
    let bytes = [0x1f, 0x7f, ...vec(clauses), ...within({ results: 'i' }, () => body(depth - 1)), 0x0b];
    for (const [i, { results }] of [...caught.entries()].reverse()) {
      labels.pop();
      const below = random(3) ? [] : i32(7);
      bytes = [...below, 0x02, ...blockType(results), ...bytes, 0x0c, ...unsigned(i + 1), 0x0b, ...reduce(results),
        ...(below.length ? mix : [])];
    }
    return [0x02, 0x7f, ...bytes, 0x0b];
  });

  const olderTry = (depth) => {
    const start = [0x06, 0x7f, ...within({ results: 'i', kind: 'try' }, () => body(depth - 1))];
    if (random(4) === 0 && older)
      return [...start, 0x18, ...unsigned(random(labels.length))];
    const kind = { results: 'i', kind: 'catch' };
    const catches = Array.from({ length: random(3) }, () => {
      const tag = random(tags.length);
      return [0x07, tag, ...reduce(tags[tag]), ...within(kind, () => body(depth - 2)), ...mix];
    });
    return [...start, ...catches.flat(), ...(random(2) ? [0x19, ...within(kind, () => body(depth - 2))] : []), 0x0b];
  };

  const loop = (depth) => {
    const inner = within({ results: '', kind: 'loop' }, () =>
      [...work, ...note(expression(depth - 2)), ...expression(depth - 2), ...i32(7), 0x71, ...i32(6), 0x4b, 0x0d, 0]);
    return [0x03, 0x40, ...inner, 0x0b];
  };

  const statement = (depth) => {
    if (depth <= 0 || budget <= 0) return note(expression(0));
    switch (random(6)) {
      case 0: return [...expression(depth - 1), 0x21, random(LOCALS)];
      case 1: return loop(depth);
      case 2: {
        const targets = find((label) => label.results === 'i');
        return [...expression(depth - 1), ...expression(depth - 1), ...i32(3), 0x71, 0x0d, ...unsigned(pick(targets)), 0x21, random(LOCALS)];
      }
      case 3: return note(expression(depth - 1));
      default: return mayThrow(depth);
    }
  };

  const body = (depth) => [...Array.from({ length: random(3) }, () => statement(depth - 1)).flat(), ...expression(depth)];

  const expression = (depth) => {
    if (depth <= 0 || --budget <= 0) return random(3) ? [0x20, random(LOCALS)] : i32(random(1000) - 100);
    switch (random(8)) {
      case 0: return [0x23, TRACE];
      case 1: return [...expression(depth - 1), ...expression(depth - 1), pick([0x6a, 0x6b, 0x73])];
      case 2:
      case 3: return earlier ? [...work, ...expression(depth - 1), 0x10, random(earlier)] : i32(random(9));
      default: return older || (!newer && random(2)) ? olderTry(depth) : tryTable(depth);
    }
  };
  // Beyond the parameter: two i32 and an exnref.
  return sized([...vec([[2, 0x7f], [1, types.x]]), ...within({ results: 'i' }, () => body(6)), 0x0b]);
}

function makeModule(seed) {
  state = seed * 2654435761 % 2 ** 32 | 1;
  for (let i = 0; i < 10; i++) random(1);
  signatures = new Map();
  typeIndex('i', 'i');
  const tagTypes = tags.map((params) => [0, ...unsigned(typeIndex(params, ''))]);
  const bodies = Array.from({ length: FUNCTIONS }, (_, i) => makeFunction(i));
  const list = (letters) => vec([...letters].map((t) => [types[t]]));
  const signature = (key) => [0x60, ...list(key.split(':')[0]), ...list(key.split(':')[1])];
  const name = (text) => sized([...Buffer.from(text)]);
  return Buffer.from([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, vec([...signatures.keys()].map(signature))),
    ...section(3, vec(bodies.map(() => [0]))),
    ...section(13, vec(tagTypes)),
    ...section(6, vec([[0x7f, 1, ...i32(0), 0x0b], [0x7f, 1, ...i32(3000), 0x0b]])),
    ...section(7, vec([...bodies.map((_, i) => [...name(`f${i}`), 0, i]), [...name('trace'), 3, TRACE], [...name('work'), 3, WORK]])),
    ...section(10, vec(bodies)),
  ]);
}

const [, , directory, count, first] = process.argv;
for (let seed = Number(first); seed < Number(first) + Number(count); seed++)
  fs.writeFileSync(path.join(directory, `exceptions-${seed}.wasm`), makeModule(seed));
