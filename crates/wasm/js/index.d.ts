/** A fault of a schema, or a warning about a part of it that is not checked. */
export interface Diagnostic {
  severity: 'error' | 'warning';
  /** Code of the kind of fault, such as `RC0020`. */
  code?: string;
  /** JSON pointer into the schema. */
  pointer: string;
  message: string;
  help?: string;
}

/** One way in which an input does not satisfy its schema. */
export interface Violation {
  /** JSON pointer to the value, such as `/image_urls/3`. */
  pointer: string;
  /** Violated constraint, such as `maximum`. */
  rule: string;
  /** Limit of the constraint. A number beyond 2^53 is the nearest one of JavaScript; `text` has it exactly. */
  limit: unknown;
  /** The value that was found, or its length or count. A number beyond 2^53 is the nearest one of JavaScript. */
  actual: unknown;
  /** `true` if the service is sure to refuse the input. */
  certain: boolean;
  /** Message of the schema. */
  message?: string;
  /** Name or value that was probably meant. */
  hint?: string;
  /** The violation as one sentence. */
  text: string;
}

/** Result of a validation. */
export interface Verdict {
  /** `true` if the service is sure to refuse the input, so that it should not be sent. */
  refuse: boolean;
  violations: Violation[];
  /** Number of violations beyond the first 1,000. */
  leftOut: number;
  /** All violations, one a line. */
  text: string;
}

/** A model whose schema is loaded. */
export interface Model {
  readonly id: string;
  /** Parts of the schema that are not checked. */
  readonly warnings: readonly Diagnostic[];
  /**
   * Validates an input as `JSON.stringify` writes it: own properties only, and an integer beyond 2^53 as the nearest
   * number of JavaScript, which is what would be sent.
   *
   * @throws {TypeError} if the input is no JSON, such as a `bigint`
   */
  validate(input: unknown): Verdict;
  /**
   * Validates an input as text, whose integers may have 64 bits.
   *
   * @throws {SyntaxError} if the text is no JSON
   */
  validateJson(json: string): Verdict;
  /** Forgets the schema. */
  free(): void;
}

/** The engine, without models. */
export interface Validator {
  /**
   * Reads a schema: a schema file as text, or one document of it. The id may be left out where the
   * schema names it.
   *
   * @throws {SchemaError} if the schema cannot be used
   */
  model(schema: string | object, id?: string): Model;
}

/** A schema that cannot be used. */
export class SchemaError extends Error {
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Instance of a class of the environment, where the libraries of a project declare it: those of browsers (`dom`), or
 * `@types/node`. Without them there is none.
 */
type Instance<Scope, Name extends string> = Scope extends { [name in Name]: { prototype: infer Type } } ? Type : never;

/** Namespace of WebAssembly, where the libraries of a project declare it. */
type Wasm = typeof globalThis extends { WebAssembly: infer Namespace } ? Namespace : unknown;

/** The module: a `WebAssembly.Module`, its bytes, or a `Response` with them. */
export type Source =
  | (Instance<Wasm, 'Module'> & object)
  | ArrayBuffer
  | ArrayBufferView
  | Instance<typeof globalThis, 'Response'>;

/** Loads the engine: from the package, or from the module, its bytes or a response with them. */
export function load(source?: Source | PromiseLike<Source>): Promise<Validator>;

// Else what is not exported would be.
export {};
