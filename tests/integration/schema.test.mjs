// Our JSON Schema validator against ajv, which we did not write: the same verdict for every schema that ours
// takes, on cases made by hand and on 10,000 that are made from a seed.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { describe, test } from 'node:test';
import { build } from '../harness/parley.mjs';

const Ajv = createRequire(import.meta.url)('ajv/dist/2020').default;

function ours(cases) {
  const run = spawnSync(path.join(build, 'tests/schema_probe'), { input: cases.map((one) => JSON.stringify(one)).join('\n') + '\n', encoding: 'utf8', maxBuffer: 1 << 26 });
  assert.equal(run.status, 0, run.stderr);
  return run.stdout.trim().split('\n');
}

// A schema is compiled once: that is what costs.
const ajv = new Ajv({ strict: false, validateFormats: false, logger: false });
const compiled = new Map();
function theirs({ schema, value }) {
  if (!compiled.has(schema)) {
    let validate;
    try {
      validate = ajv.compile(schema);
    } catch {
      validate = undefined;
    }
    compiled.set(schema, validate);
  }
  const validate = compiled.get(schema);
  return !validate ? 'refused' : validate(value) ? 'valid' : 'invalid';
}

// Differences, and how many of the cases ours took.
function compare(cases) {
  const verdicts = ours(cases);
  assert.equal(verdicts.length, cases.length);
  const taken = cases.map((one, i) => ({ ...one, ours: verdicts[i] })).filter((one) => one.ours !== 'refused');
  for (const one of taken) one.theirs = theirs(one);
  return { taken, differ: taken.filter((one) => one.ours !== one.theirs) };
}

const schemas = [
  {}, { type: 'string' }, { type: ['integer', 'null'] }, { type: 'number', minimum: 0, exclusiveMaximum: 10 }, { type: 'integer', maximum: 3 },
  { enum: [1, 'a', null, { b: [1] }] }, { const: 1 }, { const: [] }, { const: false }, { type: 'string', minLength: 2, maxLength: 3 },
  { pattern: '^[a-c]+$' }, { pattern: 'b' }, { pattern: '^(a|bc){2,3}$' }, { pattern: '^\\d{2}-\\w+$' }, { pattern: '^[^@ ]+@[^@ ]+\\.[^@ ]+$' },
  { items: { type: 'integer' } }, { type: 'array', minItems: 1, maxItems: 2 }, { anyOf: [{ type: 'string' }, { minimum: 5 }] },
  { type: 'object', required: ['a'], properties: { a: { type: 'integer' }, b: {} }, additionalProperties: false },
  { properties: { a: { minLength: 1 } }, additionalProperties: { type: 'boolean' } }, { minProperties: 1, maxProperties: 1 },
  { type: 'object', properties: { list: { type: 'array', items: { type: 'object', required: ['x'] } } } }, { exclusiveMinimum: 0 },
];
const values = [
  null, true, false, 0, -0, 1, 1.0, 1.5, -3, 3, 5, 10, 1e300, '', 'a', 'ab', 'abc', 'abcd', 'é', '日本', '😀', '😀😀😀', 'abca', 'aa', 'bcbc', '12-x', '12-é',
  'x@y.z', 'x@y', '\n', 'b\n', [], [1], [1, 2], [1, 2, 3], ['a'], [1.0], [null], {}, { a: 1 }, { a: 1.0 }, { a: 'x' }, { a: 1, b: 2 }, { a: 1, c: 2 }, { c: true }, { c: 1 },
  { b: [1] }, { list: [{ x: 1 }] }, { list: [{}] }, { list: [] }, { constructor: 1 }, { __proto__x: 1 },
];

// mulberry32
function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function maker(next) {
  const pick = (list) => list[Math.floor(next() * list.length)];
  const count = (max) => Math.floor(next() * max);
  const text = () => Array.from({ length: count(4) }, () => pick(['a', 'b', 'c', '1', ' ', 'é', '😀', '_'])).join('');
  const value = (depth = 3) => pick([
    () => null, () => next() < 0.5, () => count(8) - 3, () => (count(80) - 30) / 8, text,
    () => (depth ? Array.from({ length: count(4) }, () => value(depth - 1)) : []),
    () => (depth ? Object.fromEntries(Array.from({ length: count(4) }, () => [pick(['a', 'b', 'c', 'd']), value(depth - 1)])) : {}),
  ])();
  const rules = {
    type: () => (next() < 0.7 ? pick(['string', 'integer', 'number', 'boolean', 'null', 'array', 'object']) : ['string', pick(['integer', 'array', 'object'])]),
    enum: () => Array.from({ length: 1 + count(3) }, () => value(1)).filter((one, i, all) => all.findIndex((other) => JSON.stringify(other) === JSON.stringify(one)) === i),
    const: () => value(1), minLength: () => count(4), maxLength: () => count(4), minimum: () => count(8) - 3, maximum: () => count(8) - 3,
    exclusiveMinimum: () => (count(80) - 30) / 8, exclusiveMaximum: () => (count(80) - 30) / 8, minItems: () => count(3), maxItems: () => count(3),
    minProperties: () => count(3), maxProperties: () => count(3),
    pattern: () => pick(['a', '^a', 'b$', '^[ab]*$', '^(ab|c)+$', '[^a]', '^.{2}$', '\\d', '^\\w+$', '^a?b{1,2}$', '\\s', '^[\\w ]+$']),
    required: () => ['a', 'b', 'c'].slice(0, 1 + count(2)),
    items: (depth) => schema(depth - 1), anyOf: (depth) => [schema(depth - 1), schema(depth - 1)],
    properties: (depth) => Object.fromEntries(['a', 'b', 'c'].slice(0, 1 + count(3)).map((name) => [name, schema(depth - 1)])),
    additionalProperties: (depth) => (next() < 0.5 ? false : schema(depth - 1)),
  };
  const schema = (depth = 3) => (depth <= 0 ? {} : Object.fromEntries(Array.from({ length: count(4) }, () => {
    const name = pick(Object.keys(rules));
    return [name, rules[name](depth)];
  })));
  return { schema, value };
}

describe('JSON Schema', () => {
  test('by hand: every schema with every value', () => {
    const cases = schemas.flatMap((schema) => values.map((value) => ({ schema, value })));
    const { taken, differ } = compare(cases);
    assert.equal(taken.length, cases.length, 'ours takes all of these schemas');
    assert.deepEqual(differ, []);
  });

  test('10,000 from a seed', () => {
    const make = maker(random(20261121));
    const cases = Array.from({ length: 500 }, () => make.schema()).flatMap((schema) => Array.from({ length: 20 }, () => ({ schema, value: make.value() })));
    const { taken, differ } = compare(cases);
    assert.ok(taken.length > 9000, `${taken.length} of ${cases.length}`);
    const valid = taken.filter((one) => one.ours === 'valid').length;
    assert.ok(valid > 1000 && taken.length - valid > 1000, `${valid} are valid`);
    assert.deepEqual(differ.slice(0, 5), []);
  });
});
