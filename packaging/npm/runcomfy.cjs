#!/usr/bin/env node
// Runs the program of this machine's package, with the same arguments, streams, signals and exit code.
'use strict';

const { spawn } = require('node:child_process');
const { constants } = require('node:os');

const name = `@runcomfy-rs/runcomfy-${process.platform}-${process.arch}`;
const file = process.platform === 'win32' ? 'runcomfy.exe' : 'runcomfy';
let program;
try {
  program = require.resolve(`${name}/${file}`);
} catch {
  console.error(
    `error: the package ${name} is not installed. Install again without \`--omit=optional\`; if there is no ` +
      'such package, there is no program for this machine: build it with `cargo install runcomfy-cli`.',
  );
  process.exit(69);
}

const child = spawn(program, process.argv.slice(2), { stdio: 'inherit' });
// What a terminal sends reaches the program by itself; it decides what to do, and this waits for it.
for (const signal of ['SIGINT', 'SIGQUIT']) process.on(signal, () => {});
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => {
  console.error(`error: could not run \`${program}\`: ${error.message}`);
  process.exit(69);
});
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
