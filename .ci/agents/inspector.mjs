// A client that nobody here wrote, the command line of @modelcontextprotocol/inspector, uses `runcomfy mcp` on an
// emulator. Each call is a process of its own, so that a job lives through many of them.
//
// usage: node inspector.mjs RUNCOMFY EMULATOR INSPECTOR

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';

const [runcomfy, inspector] = process.argv.slice(2);
const model = 'bytedance/dreamina-4-0/text-to-image';
const folder = mkdtempSync(join(tmpdir(), 'inspected-'));
const options = ['emulator', '--port', '0', '--run-time', '1'];
const service = spawn(runcomfy, options, { stdio: ['ignore', 'pipe', 'inherit'] });
const [line] = await new Promise((resolve) => createInterface(service.stdout).once('line', (line) => resolve([line])));
const url = line.split(' ').pop();

const control = async (method, name, body) => {
  const response = await fetch(`${url}/_emulator/${name}`, { method, body: body && JSON.stringify(body) });
  assert.equal(response.status, 200);
  return response.json();
};
const paid = async () => (await control('GET', 'ledger')).jobs.length;

const commandLine = (words) => {
  const env = ['-e', `RUNCOMFY_MODEL_API_BASE=${url}/v1`, '-e', 'RUNCOMFY_TOKEN=any'];
  const server = [runcomfy, 'mcp', '--store', join(folder, 'agents.batch.db'), '--budget', '0.14'];
  return ['--cli', ...env, ...server, ...words];
};
const inspect = (words) => {
  const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };
  return JSON.parse(execFileSync(inspector, commandLine(words), options));
};
// Ends the client and its server once the service has what they do.
const abandon = async (words, isKnown) => {
  const client = spawn(inspector, commandLine(words), { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  let answer = '';
  client.stdout.on('data', (data) => { answer += data; });
  let hasEnded = false;
  const ended = once(client, 'close').then(() => { hasEnded = true; });
  while (!(await isKnown())) {
    assert.ok(!hasEnded, `answered before the service knew of it: ${answer}`);
    await setTimeout(50);
  }
  process.kill(-client.pid, 'SIGTERM');
  await ended;
  assert.equal(answer, '');
};
const words = (tool, given) => {
  const text = (value) => (typeof value === 'string' ? value : JSON.stringify(value));
  const named = Object.entries(given).flatMap(([name, value]) => ['--tool-arg', `${name}=${text(value)}`]);
  return ['--method', 'tools/call', '--tool-name', tool, ...named];
};
const call = (tool, given, refused = false) => {
  const result = inspect(words(tool, given));
  assert.equal(result.isError ?? false, refused, JSON.stringify(result));
  return { answer: JSON.parse(result.content[0].text), content: result.content };
};

// Corrects an input by the text of a refusal alone: names, members of enums, bounds.
const corrected = (given, error) => {
  const right = { ...given };
  for (const fault of error.slice(error.indexOf(': ') + 2).split(/; (?=\/)/)) {
    const [, name, text] = fault.match(/^\/(.+?): (.*)$/s);
    const hint = text.match(/did you mean `(.+)`\?/)?.[1];
    const members = text.match(/expected one of (.+)/)?.[1];
    const bound = text.match(/expected a number in .*\.\.=([0-9.]+)/)?.[1];
    if (hint) {
      right[hint] = right[name];
      delete right[name];
    } else if (members) {
      right[name] = members.split(', ')[0].replaceAll('"', '');
    } else if (bound) {
      right[name] = Number(bound);
    }
  }
  return right;
};

try {
  const { tools } = inspect(['--method', 'tools/list']);
  assert.equal(tools.length, 12);
  const wrong = { promt: 'A boat', 'width×height': '7x7', scale: 7 };
  const refusal = call('submit', { model, input: wrong, key: 'boat-1' }, true).answer;
  const boat = { model, input: corrected(wrong, refusal.error), key: 'boat-1' };
  console.log('corrected:', boat.input);
  call('validate', { model, input: boat.input });

  const { cost_usd: cost } = call('submit', boat, true).answer;
  assert.equal(await paid(), 0);
  const first = call('submit', { ...boat, confirmed_cost: cost }).answer;
  const again = call('submit', { ...boat, confirmed_cost: cost }).answer;
  assert.equal(again.request_id, first.request_id);
  assert.equal(call('wait', { id: first.request_id }).answer.state, 'saved');
  const kinds = call('result', { id: 'boat-1' }).content.map((block) => block.type);
  assert.deepEqual(kinds, ['text', 'resource_link', 'image']);
  assert.equal(await paid(), 1);

  // A job like one in doubt is refused under another key, so each has a prompt of its own.
  const other = (key) => ({ ...boat, input: { ...boat.input, prompt: key }, key, confirmed_cost: cost });
  await control('POST', 'faults', [{ call: 'submit', occurrence: 1, fault: { kind: 'lost' } }]);
  for (let repeat = 0; repeat < 2; repeat += 1) {
    const { answer } = call('submit', other('boat-2'));
    assert.equal(answer.state, 'in_doubt');
  }
  assert.equal(await paid(), 2);

  // Whoever started the client ends it during a submit, and comes back with the same key.
  await control('DELETE', 'faults');
  await control('POST', 'faults', [{ call: 'submit', occurrence: 1, fault: { kind: 'genuine', delay: 3 } }]);
  const slow = other('boat-3');
  await abandon(words('submit', slow), async () => (await paid()) === 3);
  const back = call('submit', slow).answer;
  assert.ok(back.request_id, JSON.stringify(back));
  assert.equal(call('wait', { id: 'boat-3' }).answer.state, 'saved');
  assert.equal(await paid(), 3);

  const over = call('submit', other('boat-4'), true).answer;
  assert.match(over.error, /\$0\.02 left/);
  assert.equal(await paid(), 3);
  console.log('ok');
} finally {
  service.kill();
  rmSync(folder, { recursive: true });
}
