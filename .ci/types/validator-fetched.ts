// The package for JavaScript, where the libraries of the project declare `Response`.

import { load, type Validator } from "./validator/index.js";

export const fetched: Promise<Validator> = load(fetch("https://example.com/runcomfy_wasm.wasm"));
export const response: Promise<Validator> = load(new Response());

// @ts-expect-error
export const text = load("runcomfy_wasm.wasm");
// @ts-expect-error
export const number = load(7);
