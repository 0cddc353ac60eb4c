// The face of the module: texts in, objects out.

/** A schema that cannot be used. `diagnostics` has every fault. */
export class SchemaError extends Error {
  constructor(diagnostics) {
    super(diagnostics.map(line).join('\n'));
    this.name = 'SchemaError';
    this.diagnostics = diagnostics;
  }
}

function line({ pointer, message }) {
  return pointer ? `${pointer}: ${message}` : message;
}

/** A model whose schema is loaded. */
class Model {
  #validator;
  #number;

  constructor(validator, { model, id, diagnostics }) {
    this.#validator = validator;
    this.#number = model;
    this.id = id;
    this.warnings = diagnostics;
  }

  validate(input) {
    const json = JSON.stringify(input);
    if (json === undefined) throw new TypeError(`the input is ${typeof input}, expected JSON`);
    return this.validateJson(json);
  }

  validateJson(json) {
    if (this.#number === undefined) throw new Error('the model was freed');
    const { error, ...verdict } = this.#validator.call('runcomfy_validate', json, this.#number);
    if (error) throw new SyntaxError(error);
    return verdict;
  }

  free() {
    if (this.#number === undefined) return;
    this.#validator.unload(this.#number);
    this.#number = undefined;
  }
}

/** The module, without models. */
class Validator {
  #module;

  constructor(exports) {
    const functions = {
      /** Writes a text to the module's memory, calls one of its functions, and reads the result. */
      call(name, text, argument) {
        const bytes = new TextEncoder().encode(text);
        const input = exports.runcomfy_input(bytes.length);
        // A call may have grown the memory, which makes a new buffer.
        new Uint8Array(exports.memory.buffer, input, bytes.length).set(bytes);
        const length = exports[name](argument);
        const output = new Uint8Array(exports.memory.buffer, exports.runcomfy_output(), length);
        return JSON.parse(new TextDecoder().decode(output));
      },
      unload: (number) => exports.runcomfy_unload(number),
    };
    this.#module = functions;
  }

  model(schema, id = '') {
    const text = typeof schema === 'string' ? schema : JSON.stringify(schema);
    const idLength = new TextEncoder().encode(id).length;
    const loaded = this.#module.call('runcomfy_load', id + text, idLength);
    if (loaded.model === null) throw new SchemaError(loaded.diagnostics);
    return new Model(this.#module, loaded);
  }
}

/** Loads the module, from the package or from what it is given. */
export async function load(source) {
  const given = await (source ?? own());
  let instance;
  if (given instanceof WebAssembly.Module) {
    instance = await WebAssembly.instantiate(given, {});
  } else {
    const bytes = typeof Response !== 'undefined' && given instanceof Response ? await given.arrayBuffer() : given;
    ({ instance } = await WebAssembly.instantiate(bytes, {}));
  }
  return new Validator(instance.exports);
}

async function own() {
  const url = new URL('./runcomfy_wasm.wasm', import.meta.url);
  if (url.protocol === 'file:') {
    const { readFile } = await import('node:fs/promises');
    return readFile(url);
  }
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: HTTP ${response.status}`);
  return response;
}
