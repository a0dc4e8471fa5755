// The oracles see a broken product (promises.md R-0). Two mutants a run, by its seed; all: ./parley test R-0.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { mutantRun, mutants } from './mutants.mjs';
import { Random } from './random.mjs';

const seed = Number(process.env.PARLEY_CHAOS_SEED ?? (Date.now() % 1000000) + 1);
const only = process.env.PARLEY_MUTANT ?? ''; // a part of a name
const names = new Random(seed).shuffle(Object.keys(mutants).filter((name) => name.includes(only))).slice(0, process.env.PARLEY_FULL_SIZE === '1' ? Infinity : 2);

describe('a broken product', () => {
  for (const name of names)
    test(`is seen: ${name}`, async () => {
      const { result, findings } = await mutantRun(name, { seed });
      assert.ok(result[mutants[name][0]] > 0, `${mutants[name][0]} is 0 (seed ${seed}): ${findings.join('\n')}`);
      assert.equal(result.is_ok, false);
    });
});
