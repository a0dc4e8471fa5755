// Crash points: every one is reached and survived. `./parley chaos --points` is the whole table, here each point
// dies once, and a part of the other faults is drawn.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const seed = Number(process.env.PARLEY_CHAOS_SEED ?? (Date.now() % 1000000) + 1);
const sanitized = path.resolve(here, '../../build-asan'); // the build that has crash points
process.env.PARLEY_BUILD = sanitized; // the harness reads it when it is loaded

const PART = 24; // of the other faults, one in so many

describe('crash points', { skip: !existsSync(path.join(sanitized, 'cli/parley')) && 'no build-asan' }, () => {
  test('all are reached; nothing is lost, doubled or reordered at any of them', async (t) => {
    const { pointsLineOf, pointsRun, readFaults, readPoints } = await import('./points.mjs');
    assert.ok(readPoints().length >= 60);
    const options = { seed, faults: readFaults('all'), rate: 20, conversations: 200, killEveryMs: 2000, stopMs: 4500, settleMs: 50, part: [seed % PART, PART] };
    const { result, findings, folder } = await pointsRun(options, (text) => t.diagnostic(text));
    t.diagnostic(pointsLineOf(result));
    assert.ok(result.is_ok, `${pointsLineOf(result)}\n${findings.join('\n')}\ndata directory: ${folder}\nagain: ./parley chaos --points --seed ${seed}`);
    assert.deepEqual(result.reached, result.cases);
    assert.ok(result.agent_turns >= 20 && result.effects_done >= 20 && result.replayed >= 20, 'the agents had little to do');
  });
});
