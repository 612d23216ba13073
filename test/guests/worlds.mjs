// Components of all worlds of a WIT text, and what jco says their WIT is:   node worlds.mjs TOOLS FILE.wit OUT_PREFIX
// Writes PREFIX-WORLD.wasm and PREFIX-WORLD.wit for each world. The components are empty inside.
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const [tools, file, prefix] = process.argv.slice(2);
const jco = await import(pathToFileURL(`${tools}/node_modules/@bytecodealliance/jco/dist/api.js`));
const witSource = readFileSync(file, 'utf8');
const own = witSource.split(/^package .*\{$/m)[0]; // behind it are its dependencies
for (const [, world] of own.matchAll(/^world %?([\w-]+) \{/gm)) {
    const core = await jco.componentEmbed({ witSource, world, dummy: true });
    const component = await jco.componentNew(core);
    writeFileSync(`${prefix}-${world}.wasm`, component);
    writeFileSync(`${prefix}-${world}.wit`, await jco.componentWit(component));
}
