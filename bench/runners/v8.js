// Runs a program in V8 (node): the protocol of harness/engines.py. Which compiler is asked for by V8's own flags.
'use strict';
const fs = require('fs');
const readline = require('readline');

let bytes, module_, program;

function cpu() {
  const { user, system } = process.cpuUsage();
  return BigInt(user + system) * 1000n;
}

function instantiate() {
  const imports = {};
  for (const { module, name, kind } of WebAssembly.Module.imports(module_)) {
    if (kind !== 'function') throw new Error('an import that cannot be stood in for');
    (imports[module] ??= {})[name] = () => { throw new Error('import called'); };
  }
  return new WebAssembly.Instance(module_, imports).exports;
}

const commands = {
  read(path) {
    bytes = fs.readFileSync(path);
  },
  load() {
    module_ = new WebAssembly.Module(bytes);
  },
  validate() {
    if (!WebAssembly.validate(bytes)) throw new Error('invalid');
  },
  run(scale) {
    program ??= instantiate().bench_run;
    return BigInt.asUintN(64, program(Number(scale)));
  },
  first(name) {
    const func = instantiate()[name];
    try { func(); } catch (e) { /* the import that traps */ }
  },
};

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const [, command, argument] = line.match(/^(\w+) (.*)$/);
  try {
    const startWall = process.hrtime.bigint(), startCpu = cpu();
    const checksum = commands[command](argument) ?? 0n;
    const spentCpu = cpu() - startCpu, wall = process.hrtime.bigint() - startWall;
    console.log(`${wall} ${spentCpu} ${checksum.toString(16).padStart(16, '0')}`);
  } catch (e) {
    console.log(`error ${e.message}`);
  }
});
