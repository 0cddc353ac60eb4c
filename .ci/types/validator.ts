// The package for JavaScript, with no library but those of the language, and with those of browsers or of Node.

import { load, type Source, type Validator, type Verdict } from "./validator/index.js";

const bytes: Source[] = [new ArrayBuffer(8), new Uint8Array(8)];
const validator: Promise<Validator> = load();
export const loaded: Promise<Validator>[] = [validator, load(bytes[0]), load(Promise.resolve(new DataView(new ArrayBuffer(8))))];
export const refuses = async (): Promise<boolean> => {
  const model = (await validator).model({ properties: {} }, "acme/stamp");
  const verdict: Verdict = model.validate({});
  return verdict.refuse;
};

// @ts-expect-error
export const text = load("runcomfy_wasm.wasm");
// @ts-expect-error
export const number = load(7);
