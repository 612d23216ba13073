// What run.c prints, on standard input → the same for V8.
'use strict';
const fs = require('fs');
const HASHED = 1 << 16;
const numbers = [1, -1, 0, 65530, -2147483648, 7];
const bytes = new DataView(new ArrayBuffer(8));
const hex = (n, digits) => n.toString(16).padStart(digits, '0');

// The types after "param" or "result" in a type's text.
function kinds(type, word) {
  const list = type.match(new RegExp(`\\(${word}((?:[^()]|\\([^()]*\\))*)\\)`));
  return list ? list[1].match(/\([^()]*\)|[^() ]+/g) : [];
}

function argument(kind, place) {
  const n = numbers[place % 6];
  switch (kind) {
    case 'i32': return n;
    case 'i64': return BigInt(n) * 4294967297n;
    case 'f32': return n * 0.5;
    case 'f64': return n * 0.25;
    default: return null;
  }
}

function print(kind, value) {
  if (value !== value) return ' nan';
  switch (kind) {
    case 'i32': return ' ' + hex(value >>> 0, 8);
    case 'i64': return ' ' + hex(BigInt.asUintN(64, value), 16);
    case 'f32': bytes.setFloat32(0, value); return ' ' + hex(bytes.getUint32(0), 8);
    case 'f64': bytes.setFloat64(0, value); return ' ' + hex(bytes.getBigUint64(0), 16);
    default: return value === null ? ' null' : ' ref';
  }
}

function call(func, type) {
  const params = kinds(type, 'param'), results = kinds(type, 'result');
  try {
    const value = func(...params.map(argument));
    const values = results.length === 1 ? [value] : results.length === 0 ? [] : [...value];
    return values.map((v, i) => print(results[i], v)).join('');
  } catch (e) {
    return e instanceof WebAssembly.Exception ? ' exception' : ' trap';
  }
}

function memory({ buffer }) {
  const data = new Uint8Array(buffer, 0, Math.min(buffer.byteLength, HASHED));
  let hash = 0;
  for (const byte of data) hash = (Math.imul(hash, 31) + byte) >>> 0;
  return ` ${buffer.byteLength} ${hex(hash, 8)}`;
}

function does(item, type) {
  if (/exn|v128/.test(type)) return ' not for JavaScript';
  if (typeof item === 'function') return call(item, type);
  if (item instanceof WebAssembly.Memory) return memory(item);
  if (item instanceof WebAssembly.Table) return ` ${item.length}`;
  if (item instanceof WebAssembly.Tag) return '';
  return print(type.match(/[if]\d\d/)?.[0], item.value);
}

function load(file) {
  try {
    return new WebAssembly.Module(fs.readFileSync(file));
  } catch (e) {
    return null;
  }
}

// Imported functions log what they are given; results are zeros and nulls.
let log = '';
function supply(kind, type) {
  const params = kinds(type, 'param'), results = kinds(type, 'result');
  switch (kind) {
    case 'global': return new WebAssembly.Global({ value: 'externref' }, null);
    case 'tag': return new WebAssembly.Tag({ parameters: params });
    default: return (...values) => {
      log += values.map((v, i) => print(params[i], v)).join('');
      const zeros = results.map((r) => r === 'i64' ? 0n : r.endsWith('ref') ? null : 0);
      return zeros.length > 1 ? zeros : zeros[0];
    };
  }
}

function instantiate(module, types) {
  const imports = {};
  WebAssembly.Module.imports(module).forEach(({ module: from, name, kind }, i) => {
    (imports[from] ??= {})[name] = supply(kind, types[i] ?? '');
  });
  try {
    const { exports } = new WebAssembly.Instance(module, imports);
    return WebAssembly.Module.exports(module).map(({ name }) => exports[name]);
  } catch (e) {
    return null;
  }
}

let module_, items, types;
for (const line of fs.readFileSync(0, 'utf8').split('\n').filter((line) => line)) {
  const [, place, type] = line.match(/^ {2}(\d+) (.*) =/) ?? [];
  const imported = line.match(/^ {2}import (.*)$/);
  if (!line.startsWith(' ')) {
    console.log(line);
    module_ = load(line);
    types = [];
  } else if (!module_) {
    console.log('  invalid');
  } else if (imported) {
    console.log(line);
    types.push(imported[1]);
  } else if (!place) {
    console.log(instantiate(module_, types) ? '  instantiated' : '  not instantiated');
  } else {
    if (type.startsWith('(func')) items = instantiate(module_, types);
    log = '';
    const did = items && does(items[place], type);
    console.log(items ? `  ${place} ${type} =${log}${did}` : '  not instantiated');
  }
}
