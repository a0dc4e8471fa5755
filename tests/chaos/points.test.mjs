// Crash points: every one is reached and survived. `./parley chaos --points` is the whole table, here each point
// dies once, and a third of the other faults is drawn.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const seed = Number(process.env.PARLEY_CHAOS_SEED ?? (Date.now() % 1000000) + 1);
const sanitized = path.resolve(here, '../../build-asan'); // the build that has crash points
process.env.PARLEY_BUILD = sanitized; // the harness reads it when it is loaded

describe('crash points', { skip: !existsSync(path.join(sanitized, 'cli/parley')) && 'no build-asan' }, () => {
  test('all are reached; nothing is lost, doubled or reordered at any of them', async (t) => {
    const { pointsRun, readPoints } = await import('./points.mjs');
    const { lineOf } = await import('./run.mjs');
    assert.ok(readPoints().length >= 60);
    const options = { seed, rate: 20, conversations: 200, killEveryMs: 2000, stopMs: 3000, settleMs: 50, part: [seed % 6, 6] };
    const { result, findings, folder } = await pointsRun(options, (text) => t.diagnostic(text));
    t.diagnostic(lineOf(result));
    assert.ok(result.is_ok, `${lineOf(result)}\n${findings.join('\n')}\ndata directory: ${folder}\nagain: ./parley chaos --points --seed ${seed}`);
    assert.equal(result.reached, result.cases);
  });
});
