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
assert.throws(() => validator.model({ properties: {} }, 'acme/stamp').validate(undefined), TypeError);
console.log(`${values} values, ${refused} refused, ${broken} schemas of none: no difference`);
