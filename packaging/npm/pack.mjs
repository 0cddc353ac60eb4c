// Packs the command for npm: a package with the program for each target, and one that finds it.
//
//     node packaging/npm/pack.mjs TARGET PROGRAM [FOLDER]   the package of a target
//     node packaging/npm/pack.mjs main [FOLDER]             the package `runcomfy-rs`, which depends on them
//
// FOLDER is that of the archives [default: dist].

import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

// The programs for musl are linked statically, so that they run with any C library.
const TARGETS = {
  'x86_64-unknown-linux-musl': ['linux', 'x64'],
  'aarch64-unknown-linux-musl': ['linux', 'arm64'],
  'x86_64-apple-darwin': ['darwin', 'x64'],
  'aarch64-apple-darwin': ['darwin', 'arm64'],
  'x86_64-pc-windows-msvc': ['win32', 'x64'],
  'aarch64-pc-windows-msvc': ['win32', 'arm64'],
};
// For a try on this machine; such a program is never published.
const LOCAL = { 'x86_64-unknown-linux-gnu': ['linux', 'x64'], 'aarch64-unknown-linux-gnu': ['linux', 'arm64'] };

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = readFileSync(join(root, 'Cargo.toml'), 'utf8');
const version = /^\[workspace\.package\]\nversion = "(.*)"$/m.exec(manifest)[1];
const name = ([os, cpu]) => `@runcomfy-rs/runcomfy-${os}-${cpu}`;
const common = {
  version,
  license: 'MIT OR Apache-2.0',
  repository: { type: 'git', url: 'git+https://github.com/runcomfy-rs/runcomfy.git' },
};

function pack(out, description, files) {
  const folder = mkdtempSync(join(tmpdir(), 'runcomfy-npm-'));
  try {
    for (const [file, from, mode] of files) {
      copyFileSync(from, join(folder, file));
      chmodSync(join(folder, file), mode ?? 0o644);
    }
    for (const file of ['LICENSE-MIT', 'LICENSE-APACHE']) copyFileSync(join(root, file), join(folder, file));
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...description, ...common }, null, 2) + '\n');
    mkdirSync(out, { recursive: true });
    const windows = process.platform === 'win32';
    const arguments_ = ['pack', '--silent', '--pack-destination', resolve(out)];
    const { status, stdout } = spawnSync('npm', arguments_, { cwd: folder, encoding: 'utf8', shell: windows });
    if (status !== 0) throw new Error('npm pack failed');
    console.log(join(out, stdout.trim()));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const [target, ...rest] = process.argv.slice(2);
const targets = new Map(Object.entries({ ...TARGETS, ...LOCAL }));
const system = targets.get(target);
if (target === 'main' && rest.length <= 1) {
  const programs = Object.values(TARGETS).map((system) => [name(system), version]);
  const description = {
    name: 'runcomfy-rs',
    description: 'The command `runcomfy`: run RunComfy models, on the service or on an emulator',
    bin: { runcomfy: 'runcomfy.cjs' },
    engines: { node: '>=20' },
    optionalDependencies: Object.fromEntries(programs),
  };
  const readme = join(root, 'crates/cli/README.md');
  pack(rest[0] ?? 'dist', description, [
    ['runcomfy.cjs', join(root, 'packaging/npm/runcomfy.cjs'), 0o755],
    ['README.md', readme],
  ]);
} else if (system && (rest.length === 1 || rest.length === 2)) {
  if (!statSync(rest[0], { throwIfNoEntry: false })?.isFile()) {
    console.error(`found ${rest[0]}, expected the file of a program`);
    process.exit(66);
  }
  const file = system[0] === 'win32' ? 'runcomfy.exe' : 'runcomfy';
  const description = {
    name: name(system),
    description: `The program of runcomfy-rs for ${target}`,
    os: [system[0]],
    cpu: [system[1]],
    preferUnplugged: true,
  };
  pack(rest[1] ?? 'dist', description, [[file, rest[0], 0o755]]);
} else {
  const names = [...targets.keys()].join(', ');
  console.error(`usage: packaging/npm/pack.mjs main [FOLDER] | TARGET PROGRAM [FOLDER]; targets: ${names}`);
  process.exit(64);
}
