// A program in JavaScript: standard output, arguments, clock and random numbers, without what only one engine has.
import { getArguments } from 'wasi:cli/environment@0.2.12';
import { getStdout } from 'wasi:cli/stdout@0.2.12';
import { now } from 'wasi:clocks/wall-clock@0.2.12';
import { getRandomU64 } from 'wasi:random/random@0.2.12';

function print(text) {
  const stream = getStdout();
  stream.blockingWriteAndFlush(Uint8Array.from([...text + '\n'].map((c) => c.charCodeAt(0))));
}

export const run = {
  run() {
    print(`arguments: ${getArguments().slice(1).join(', ')}`);
    print(`year: ${new Date(Number(now().seconds) * 1000).getUTCFullYear()}`);
    print(`random: ${BigInt(getRandomU64()) !== BigInt(getRandomU64())}`);
    print(`sorted: ${[5, 3, 9, 1].sort((a, b) => a - b).join(' ')}, ${JSON.stringify({ a: [1, { b: null }] })}`);
  },
};
