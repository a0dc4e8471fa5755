// What the other tests stand on, and what programs say to options that make no sense.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { describe, test } from 'node:test';
import { build, Parley, Sim } from '../harness/parley.mjs';

describe('the harness', () => {
  test('stops a simulator that is dead already', { timeout: 20000 }, async () => {
    const sim = await Sim.start();
    sim.child.kill('SIGKILL');
    await once(sim.child, 'exit');
    await sim.stop();
    await sim.stop();
  });

  test('listens once to the pool of connections', async () => {
    const parley = await Parley.start({ whatsapp: false });
    try {
      for (let i = 0; i < 20; i++) assert.equal((await parley.query('select 1 as one'))[0].one, 1);
      assert.equal(parley.pool.listenerCount('error'), 1);
    } finally {
      await parley.stop();
    }
  });
});

describe('parley-broker', () => {
  const start = (...args) => spawnSync(path.join(build, 'services/parley-broker'),
    ['--bus', 'ipc:///nowhere/bus.sock', '--children', '/nowhere', '--bin-dir', '/nowhere', '--log-dir', '/nowhere', ...args],
    { encoding: 'utf8', timeout: 20000 });

  for (const listener of ['abc', '', '0', '2', '-1', '7x', '99999', '99999999999999999999']) {
    test(`refuses --listener "${listener}"`, () => {
      const { status, stderr } = start('--listener', listener);
      assert.equal(status, 64);
      assert.match(stderr, /--listener must be the number of an open descriptor/);
    });
  }
});
