// Compares the module with the engine, on the lines of `cases`.
//
//     node compare.mjs PACKAGE < lines

import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const { load, SchemaError } = await import(pathToFileURL(`${process.argv[2]}/index.js`));
const validator = await load();
let [values, refused, broken] = [0, 0, 0];
for await (const line of createInterface({ input: process.stdin })) {
  const { id, schema, isModel, messages, cases } = JSON.parse(line);
  if (!isModel) {
    const isSame = (error) =>
      error instanceof SchemaError &&
      JSON.stringify(error.diagnostics.map((d) => d.message)) === JSON.stringify(messages);
    assert.throws(() => validator.model(schema, id), isSame, schema);
    broken += 1;
    continue;
  }
  const model = validator.model(schema, id);
  assert.deepEqual(model.warnings.map((warning) => warning.message), messages, schema);
  for (const { input, answer } of cases) {
    const found = model.validateJson(input);
    assert.deepEqual(found, JSON.parse(answer), `${schema}\n${input}`);
    values += 1;
    refused += found.refuse ? 1 : 0;
  }
  model.free();
  assert.throws(() => model.validateJson('{}'), /freed/);
}
assert.throws(() => validator.model('{"properties": {}}', 'acme/stamp').validateJson('{'), SyntaxError);
// Names that every object inherits: only properties of its own count, and are sent.
for (const name of ['constructor', 'toString', '__proto__']) {
  const properties = { [name]: { type: 'boolean' } };
  const model = validator.model({ type: 'object', required: [name], properties }, 'acme/stamp');
  assert.equal(model.validate({}).violations[0].pointer, `/${name}`);
  assert.equal(model.validate({ [name]: true }).refuse, false);
  assert.equal(model.validate({ [name]: 'true' }).refuse, true);
  model.free();
}
// JavaScript has no 2^53 + 1: an object has what would be sent, and a text the number itself.
const big = validator.model({ properties: { big: { type: 'integer', enum: [1] } } }, 'acme/stamp');
assert.match(big.validate({ big: 2 ** 53 + 1 }).text, /9007199254740992/);
assert.match(big.validateJson('{"big": 9007199254740993}').text, /9007199254740993/);
assert.throws(() => big.validate({ big: 2n }), TypeError);
assert.throws(() => validator.model({ properties: {} }, 'acme/stamp').validate(undefined), TypeError);
console.log(`${values} values, ${refused} refused, ${broken} schemas of none: no difference`);
