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
  limit: unknown;
  /** The value that was found, or its length or count. */
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
  /** Validates an input. */
  validate(input: unknown): Verdict;
  /** Validates an input as text, whose integers may have 64 bits. */
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

/** Loads the engine: from the package, or from the module, its bytes or a response with them. */
export function load(
  source?: WebAssembly.Module | BufferSource | Response | PromiseLike<WebAssembly.Module | BufferSource | Response>,
): Promise<Validator>;
