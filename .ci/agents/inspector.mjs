// A client that nobody here wrote, the command line of @modelcontextprotocol/inspector, uses `runcomfy mcp` on an
// emulator. Each call is a process of its own, so that a job lives through many of them.
//
// usage: node inspector.mjs RUNCOMFY EMULATOR INSPECTOR

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const [runcomfy, emulator, inspector] = process.argv.slice(2);
const model = 'bytedance/dreamina-4-0/text-to-image';
const folder = mkdtempSync(join(tmpdir(), 'inspected-'));
const service = spawn(emulator, ['--port', '0', '--run-time', '1'], { stdio: ['ignore', 'pipe', 'inherit'] });
const [line] = await new Promise((resolve) => createInterface(service.stdout).once('line', (line) => resolve([line])));
const url = line.split(' ').pop();

const control = async (method, name, body) => {
  const response = await fetch(`${url}/_emulator/${name}`, { method, body: body && JSON.stringify(body) });
  assert.equal(response.status, 200);
  return response.json();
};
const paid = async () => (await control('GET', 'ledger')).jobs.length;

const inspect = (...words) => {
  const env = ['-e', `RUNCOMFY_MODEL_API_BASE=${url}/v1`, '-e', 'RUNCOMFY_TOKEN=any'];
  const server = [runcomfy, 'mcp', '--store', join(folder, 'agents.batch.db'), '--budget', '0.1'];
  const text = execFileSync(inspector, ['--cli', ...env, ...server, ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return JSON.parse(text);
};
const call = (tool, given, refused = false) => {
  const words = Object.entries(given).flatMap(([name, value]) => ['--tool-arg', `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`]);
  const result = inspect('--method', 'tools/call', '--tool-name', tool, ...words);
  assert.equal(result.isError ?? false, refused, JSON.stringify(result));
  return { answer: JSON.parse(result.content[0].text), content: result.content };
};

try {
  const { tools } = inspect('--method', 'tools/list');
  assert.equal(tools.length, 12);
  const boat = { model, input: { prompt: 'A boat' }, key: 'boat-1' };

  const refusal = call('validate', { model, input: { promt: 'A boat' } }, true).answer;
  assert.ok(refusal.violations.some((violation) => violation.hint === 'prompt'));

  const { cost_usd: cost } = call('submit', boat, true).answer;
  assert.equal(await paid(), 0);
  const first = call('submit', { ...boat, confirmed_cost: cost }).answer;
  const again = call('submit', { ...boat, confirmed_cost: cost }).answer;
  assert.equal(again.request_id, first.request_id);
  assert.equal(call('wait', { id: first.request_id }).answer.state, 'saved');
  const kinds = call('result', { id: 'boat-1' }).content.map((block) => block.type);
  assert.deepEqual(kinds, ['text', 'resource_link', 'image']);
  assert.equal(await paid(), 1);

  await control('POST', 'faults', [{ call: 'submit', occurrence: 1, fault: { kind: 'lost' } }]);
  for (let repeat = 0; repeat < 2; repeat += 1) {
    const { answer } = call('submit', { ...boat, key: 'boat-2', confirmed_cost: cost });
    assert.equal(answer.state, 'in_doubt');
  }
  assert.equal(await paid(), 2);

  const over = call('submit', { ...boat, key: 'boat-3', confirmed_cost: cost }, true).answer;
  assert.match(over.error, /\$0\.02 left/);
  assert.equal(await paid(), 2);
  console.log('ok');
} finally {
  service.kill();
  rmSync(folder, { recursive: true });
}
