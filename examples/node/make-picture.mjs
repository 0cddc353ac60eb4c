// Makes a picture of a prompt and saves it: submit, wait, download, with Node 20 and no package.
//
//     RUNCOMFY_TOKEN=… node make-picture.mjs "A boat in the fog" boat.png
//
// Against the emulator (`runcomfy emulator`), which takes any token and charges nothing:
//
//     RUNCOMFY_MODEL_API_BASE=http://127.0.0.1:8188/v1 RUNCOMFY_TOKEN=any node make-picture.mjs "A boat" boat.png
//
// The types are generated: `runcomfy-codegen generate --lang ts --out examples/node/types`. An editor, and
// `tsc --checkJs`, read them through the comments.
// @ts-check

import { createWriteStream, existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** @import { Input, ModelId, Output, Result, Submitted } from './types/index.js' */

const base = process.env.RUNCOMFY_MODEL_API_BASE ?? 'https://model-api.runcomfy.net/v1';
const token = process.env.RUNCOMFY_TOKEN;
const POLL_INTERVAL = 2_000;
const DEADLINE = 15 * 60_000;
// What proves that a submit made no job: statuses without a code, codes, and that there was no connection. HTTP 408
// or 5xx, for example, do not.
const REFUSALS = [400, 401, 402, 403, 404, 405, 413, 415, 422, 429];
const REFUSAL_CODE = /"error_code"\s*:\s*"?(40[0-4]|422|429)\d{3}\b/;
const UNSENT = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'];

/** A response that is no success. */
class HttpError extends Error {
  /** @param {number} status @param {string} text */
  constructor(status, text) {
    super(`HTTP ${status}: ${text}`);
    this.status = status;
    const isRefusal = [2, 4].includes(Math.floor(status / 100)) && REFUSAL_CODE.test(text);
    this.isCertain = text.includes('"error_code"') ? isRefusal : REFUSALS.includes(status);
  }
}

/** A job that is finished without an output, or of which nobody knows whether it exists. */
class JobError extends Error {}

/** @param {unknown} error */
function describe(error) {
  const cause = error instanceof Error && error.cause ? ` (${error.cause})` : '';
  return `${error instanceof Error ? error.message : error}${cause}`;
}

/**
 * Sends a request and returns the JSON of the response.
 *
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<any>}
 */
async function call(method, path, body) {
  const response = await fetch(`${base}/${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: body ? JSON.stringify(body) : null,
    signal: AbortSignal.timeout(30_000),
    // A redirect would send a submit again.
    redirect: 'manual',
  });
  if (!response.ok) throw new HttpError(response.status, await response.text());
  return response.json();
}

/**
 * Submits a job, once, and returns its id. After a lost response a job may exist that is charged.
 *
 * @template {ModelId} Id
 * @param {Id} model
 * @param {Input<Id>} input
 * @returns {Promise<string>}
 */
async function submit(model, input) {
  try {
    /** @type {Submitted} */
    const submitted = await call('POST', `models/${model}`, input);
    if (submitted.request_id) return submitted.request_id;
    throw new HttpError(200, JSON.stringify(submitted));
  } catch (error) {
    const cause = /** @type {{ code?: string } | undefined} */ (error instanceof Error ? error.cause : undefined);
    const isUnsent = UNSENT.includes(cause?.code ?? '');
    if (isUnsent || (error instanceof HttpError && error.isCertain)) throw error;
    const advice = "there may be a job, which costs money: look into the account's history before you run it again";
    throw new JobError(`${advice}: ${describe(error)}`);
  }
}

/**
 * Waits for a job and returns its output. A poll that fails changes nothing for the job.
 *
 * @template {ModelId} Id
 * @param {Id} model
 * @param {string} requestId
 * @returns {Promise<Output<Id>>}
 */
async function wait(model, requestId) {
  const deadline = performance.now() + DEADLINE;
  while (performance.now() < deadline) {
    try {
      /** @type {Result<Output<Id>>} */
      const result = await call('GET', `requests/${requestId}/result`);
      if (result.status === 'succeeded' && result.output) return result.output;
      if (result.status === 'failed' || result.status === 'cancelled') {
        throw new JobError(`${model}: the job is ${result.status}: ${JSON.stringify(result.error)}`);
      }
    } catch (error) {
      const isFinal = error instanceof HttpError && error.status !== 429 && error.status < 500;
      if (isFinal || error instanceof JobError) throw error;
    }
    await sleep(POLL_INTERVAL);
  }
  throw new Error(`the job ${requestId} is not finished; it keeps running`);
}

/**
 * Downloads a file. It has its name only once it is whole, and the URL gets no token.
 *
 * @param {string} url
 * @param {string} path
 */
async function save(url, path) {
  const response = await fetch(url);
  if (!response.ok || !response.body) throw new HttpError(response.status, url.split('?')[0] ?? '');
  await pipeline(Readable.fromWeb(response.body), createWriteStream(`${path}.part`));
  await rename(`${path}.part`, path);
}

async function main() {
  const [prompt, path] = process.argv.slice(2);
  // A token is printable ASCII; an error of the library would print another one.
  if (!prompt || !path || !token || !/^[\x21-\x7e]+$/.test(token)) {
    console.error('usage: RUNCOMFY_TOKEN=… node make-picture.mjs PROMPT FILE');
    process.exit(64);
  }
  if (!existsSync(dirname(path))) throw new Error(`there is no folder ${dirname(path)}; nothing was submitted`);
  const model = 'bytedance/dreamina-4-0/text-to-image';
  const requestId = await submit(model, { prompt, 'width×height': '2048x2048(1:1)' });
  console.log(`submitted: ${requestId}`);
  const output = await wait(model, requestId);
  // A model has one output, or several.
  const url = output.image ?? output.images?.[0];
  if (!url) throw new Error(`the output has no image: ${JSON.stringify(output)}`);
  await save(url, path);
  console.log(`saved: ${path}`);
}

try {
  await main();
} catch (error) {
  console.error(`error: ${describe(error)}`);
  process.exitCode = 1;
}
