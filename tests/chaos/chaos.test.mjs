// A short chaos run: what ./parley chaos does for minutes.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, test } from 'node:test';

import { build } from '../harness/parley.mjs';
import { MUST_BE_0 } from './oracle.mjs';
import { processesOf } from './faults.mjs';
import { Random } from './random.mjs';
import { chaosRun, lineOf } from './run.mjs';

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const seed = Number(process.env.PARLEY_CHAOS_SEED ?? (Date.now() % 1000000) + 1);
const options = { seed, seconds: 120, rate: 100, conversations: 500, killEveryMs: 2000 };

describe('chaos', () => {
  test('kill -9 of every kind of process loses, doubles and reorders nothing', async (t) => {
    let parley;
    const { result, findings, data, folder } = await chaosRun({ ...options, onStart: (started) => (parley = started) }, (text) => t.diagnostic(text));
    t.diagnostic(lineOf(result));
    assert.ok(result.is_ok, `${lineOf(result)}\n${findings.join('\n')}\ndata directory: ${folder}\n` +
      `again: ./parley chaos --seconds ${options.seconds} --rate ${options.rate} --conversations ${options.conversations} --seed ${seed}`);
    for (const name of MUST_BE_0) assert.equal(result[name], 0, name);
    // It did what it says: enough was killed, and PostgreSQL restarted in it.
    assert.ok(result.kills >= 10, `${result.kills} kills`);
    assert.ok(new Set(data.faults.filter((fault) => fault.what === 'kill').map((fault) => fault.service)).size >= 8);
    assert.equal(result.postgres_restarts, 2);
    assert.ok(result.cuts >= 2 && result.lost_replies >= 5 && result.takeovers >= 20, `${result.cuts} cuts, ${result.lost_replies} lost replies, ${result.takeovers} takeovers`);
    assert.throws(() => execFileSync('pgrep', ['-f', parley.data]), 'a process is left');
  });

  test('finds no process of a Parley that is not there', () => {
    assert.deepEqual(processesOf({ runFile: () => '2147483647' }), []);
  });

  test('the same seed gives the same faults', () => {
    const draw = (from) => Array.from({ length: 5 }, () => from.between(0, 1000000));
    assert.deepEqual(draw(new Random(7)), draw(new Random(7)));
    assert.notDeepEqual(draw(new Random(7)), draw(new Random(8)));
    assert.deepEqual([...new Random(3).shuffle(['a', 'b', 'c'])].sort(), ['a', 'b', 'c']);
  });

  test('a wrong option is named, with an example', () => {
    const call = (...args) => spawnSync(process.execPath, [path.join(here, 'chaos.mjs'), ...args], { encoding: 'utf8' });
    const wrong = call('--rate', 'fast');
    assert.equal(wrong.status, 64);
    assert.match(wrong.stderr, /--rate must be a number from 1 to 10000 \(example: --rate 300\)/);
    assert.equal(call('--speed', '3').status, 64);
    assert.match(call('--points', '--cells', '2').stderr, /--points is a run of its own/);
    assert.match(call('--help').stdout, /usage: \.\/parley chaos/);
    const load = spawnSync(path.join(build, 'tests/chaos_load'), ['--rate', '0'], { encoding: 'utf8' });
    assert.equal(load.status, 2);
    assert.match(load.stderr, /usage: chaos_load/);
  });
});
