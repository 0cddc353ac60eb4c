// The package for JavaScript, where the libraries of the project declare WebAssembly.

import { load, type Validator } from "./validator/index.js";

export const compiled: Promise<Validator> = load(WebAssembly.compile(new Uint8Array(8)));
