// broker.md rows 10, 13, 14, 15, 20 with real processes: what becomes of actors that crash, hang, refuse to
// start or are replaced, and what is known of them afterwards.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isReady, limitMs, program, startWith } from '../harness/misbehave.mjs';
import { Parley, Sim, isSanitized, sleep, textMessage, until } from '../harness/parley.mjs';

describe('row 15: an obituary per death', () => {
  let parley;
  before(async () => {
    // Sanitizers need all the address space there is.
    const limits = isSanitized ? [] : ['limits: {address_space_mb: 1024, core_mb: 0}'];
    parley = await startWith(['intensity_count: 100', 'backoff_ms: 10', 'backoff_max_ms: 10', ...limits],
      { whatsapp: false, env: { MISBEHAVE: '1' } });
  });
  after(() => parley?.end());

  const ways = [
    { method: 'touch', reason: 'signal', signal: 11, text: /signal 11 \(SIGSEGV\) at 0x10\n/ },
    { method: 'abort', reason: 'signal', signal: 6, text: /signal 6 \(SIGABRT\)\n/ },
    { method: 'leave', reason: 'exit', exit_code: 3 },
    { method: 'die', reason: 'signal', signal: 9 },
    // Out of memory by its limit: an allocation fails, which is a failed assert.
    { method: 'eat', reason: 'signal', signal: 6, text: /SIGABRT/, log: /"event":"assert"/, isMemory: true },
  ];
  for (const way of ways)
    test(`${way.method}: reason, signal or code, method, stack, log`, { skip: isSanitized && way.method !== 'leave' && way.method !== 'die' }, async () => {
      await isReady(parley, 'misbehave-1');
      assert.deepEqual(await parley.call('misbehave', 'fine'), {});
      const count = (await parley.obituaries()).length;
      const pid = (await parley.rowOf('misbehave-1')).pid;
      const answer = await parley.call('misbehave', way.method);
      assert.equal(answer.err, 'the instance died with the call');
      const all = await until('an obituary', async () => {
        const rows = await parley.obituaries();
        return rows.length > count && rows;
      }, limitMs);
      assert.equal(all.length, count + 1);
      const row = all[0];
      assert.equal(row.instance, 'misbehave-1');
      assert.equal(Number(row.pid), pid);
      assert.equal(row.reason, way.reason);
      assert.equal(Number(row.signal), way.signal ?? 0);
      assert.equal(Number(row.exit_code), way.exit_code ?? 0);
      assert.equal(row.method_in_hand, way.method);
      assert.match(row.trace, /^[0-9a-f]{32}$/);
      assert.equal(row.was_ready, true);
      assert.ok(Number(row.rss_max_kb) > 1000);
      assert.ok(row.log_lines.some((line) => line.includes('"event":"fine"')), 'its last log lines');
      if (way.text) {
        assert.match(row.backtrace, way.text);
        assert.match(row.backtrace, /misbehave\(/);
      } else assert.equal(row.backtrace, '');
      if (way.log) assert.ok(row.log_lines.some((line) => way.log.test(line)));
      if (way.isMemory) assert.ok(Number(row.rss_max_kb) > 500000, 'it had eaten');
      // And it is stored.
      const stored = await until('the stored obituary', async () =>
        (await parley.query('select * from obituaries where pid = $1', [pid]))[0], limitMs);
      assert.equal(stored.reason, way.reason);
      assert.equal(stored.method_in_hand, way.method);
      assert.equal(stored.backtrace, row.backtrace);
    });

  test('a death of persistence itself is stored when it is back', async () => {
    const pid = await parley.pidOf('persistence');
    process.kill(pid, 'SIGKILL');
    const stored = await until('the stored obituary', async () =>
      (await parley.query('select * from obituaries where pid = $1', [pid]))[0], limitMs);
    assert.equal(stored.service, 'persistence');
    assert.equal(Number(stored.signal), 9);
  });
});

describe('row 14: a handler that never returns', () => {
  let parley;
  before(async () => {
    parley = await startWith(['hang_ms: 2000', 'count: 2'], { whatsapp: false });
  });
  after(() => parley?.end());

  test('is named with its stack, killed and replaced within hang_ms + 1 s', async () => {
    await isReady(parley, 'misbehave-2');
    const fromMs = Date.now();
    const answer = await parley.call('misbehave', 'hang');
    const tookMs = Date.now() - fromMs;
    assert.equal(answer.err, 'the instance died with the call');
    assert.ok(tookMs > 1500 && tookMs < (isSanitized ? 10000 : 3300), `${tookMs} ms`);
    const [row] = await parley.obituaries();
    assert.equal(row.reason, 'hang');
    assert.equal(Number(row.signal), 9);
    assert.equal(row.method_in_hand, 'hang');
    assert.match(row.trace, /^[0-9a-f]{32}$/);
    assert.match(row.backtrace, /^stack of the loop\n/);
    assert.match(row.backtrace, /spin_for_ever\+0x/);
    assert.ok(Number(row.user_cpu_ms) > 500, 'it was busy');
    assert.deepEqual(await parley.call('misbehave', 'fine'), {});
    await isReady(parley, row.instance);
  });

  test('and one that is stopped (SIGSTOP) is killed too', async () => {
    await isReady(parley, 'misbehave-1');
    const { pid } = await parley.rowOf('misbehave-1');
    process.kill(pid, 'SIGSTOP');
    const row = await until('its obituary', async () => (await parley.obituaries()).find((o) => Number(o.pid) === pid), limitMs);
    assert.equal(row.reason, 'hang');
    assert.equal(row.backtrace, ''); // it could not say
    await isReady(parley, 'misbehave-1');
  });
});

describe('row 13: one that cannot start', () => {
  let parley;
  before(async () => {
    parley = await startWith(['park_ms: 3000', 'backoff_ms: 10', 'backoff_max_ms: 50'], { whatsapp: false });
  });
  after(() => parley?.end());

  test('one that says so itself (exit 78) is parked at once', async () => {
    await isReady(parley, 'misbehave-1');
    parley.setMood('refuse');
    await parley.call('misbehave', 'die');
    await until('it is parked', async () => (await parley.rowOf('misbehave-1')).state === 'parked', limitMs);
    const rows = await parley.obituaries();
    assert.equal(rows.length, 2); // the kill and one start
    assert.equal(Number(rows[0].exit_code), 78);
    assert.equal(rows[0].was_parked, true);
    assert.ok(rows[0].log_lines.some((line) => line.includes('refused by its mood')));
    parley.setMood('good');
  });

  test('is parked, costs next to nothing, is probed, and comes back', async () => {
    await isReady(parley, 'misbehave-1'); // by a probe
    parley.setMood('crash');
    await parley.call('misbehave', 'die');
    await until('it is parked', async () => (await parley.rowOf('misbehave-1')).state === 'parked', limitMs);
    assert.equal((await parley.call('misbehave', 'fine')).err, 'no instance of the service is there');
    await until('two probes have died', async () => (await parley.obituaries()).length >= 9, limitMs);
    const deaths = (await parley.obituaries()).slice(0, -2);
    assert.ok(deaths.length <= 10, `${deaths.length} deaths`);
    assert.ok(deaths.slice(0, -1).every((row) => Number(row.exit_code) === 4 && !row.was_ready));
    const cpuMs = deaths.slice(0, -1).map((row) => Number(row.user_cpu_ms) + Number(row.system_cpu_ms));
    const startMs = cpuMs.reduce((a, b) => a + b, 0) / cpuMs.length;
    // What the loop costs with the default park_ms: a start a minute.
    const share = startMs / 60000;
    console.log(`    a start costs ${startMs.toFixed(1)} ms of CPU; parked: ${(share * 100).toFixed(3)} % of one core`);
    if (!isSanitized) assert.ok(share < 0.01);
    parley.setMood('good');
    await isReady(parley, 'misbehave-1');
    assert.deepEqual(await parley.call('misbehave', 'fine'), {});
  });

  test('a restart that is refused is rolled back, with the reason', async () => {
    parley.setMood('good');
    await isReady(parley, 'misbehave-1');
    parley.setMood('crash');
    const { stderr } = await parley.cli(['restart', 'misbehave'], { code: 1 });
    assert.match(stderr, /rolled back: misbehave-1\.2 failed: exit 4/);
    assert.equal((await parley.rowOf('misbehave-1')).state, 'ready');
    assert.deepEqual(await parley.call('misbehave', 'fine'), {});
  });
});

describe('row 10: every service is replaced under load', () => {
  let sim, parley, customer = 0;
  before(async () => {
    sim = await Sim.start();
    parley = await Parley.start({ sim });
  });
  after(async () => {
    await parley?.stop();
    await sim?.stop();
  });

  test('without a failed webhook, every message answered once', { timeout: 300000 }, async () => {
    let isOver = false;
    const statuses = new Map();
    const customers = [];
    const load = (async () => {
      const open = [];
      while (!isOver) {
        const from = `4480000${String(++customer).padStart(5, '0')}`;
        customers.push(from);
        open.push(parley.webhook([textMessage(from, 'hello')]).then(({ status }) => statuses.set(status, (statuses.get(status) ?? 0) + 1)));
        await sleep(isSanitized ? 100 : 15);
      }
      await Promise.all(open);
    })();
    await sleep(500);
    const services = ['persistence', 'translation', 'intent', 'flow', 'agent', 'bridge', 'model', 'notify', 'session', 'delivery', 'ingress', 'admin'];
    try {
      for (const service of services) {
        const { stdout } = await parley.cli(['restart', service], { timeout: limitMs });
        assert.match(stdout, /1 instance restarted/);
      }
    } finally {
      isOver = true;
      await load;
    }
    console.log(`    ${customers.length} webhooks while ${services.length} services were replaced:`, Object.fromEntries(statuses));
    assert.deepEqual([...statuses.keys()], [200]);
    for (const row of (await parley.status()).instances.filter((r) => r.state !== 'client')) {
      assert.equal(row.generation, 2, row.instance);
      assert.equal(row.restarts, 0, row.instance);
    }
    await until('all are answered', async () => {
      const answered = new Set((await sim.ledger()).map((row) => String(row.to).replace('+', '')));
      return customers.every((from) => answered.has(from));
    }, limitMs);
    assert.equal((await parley.query('select 1 from obituaries')).length, 0, 'somebody died');
  });

  test('instances are added and drained without a failed webhook', async () => {
    let isOver = false;
    const statuses = new Set();
    const load = (async () => {
      while (!isOver) {
        statuses.add((await parley.webhook([textMessage(`4490000${String(++customer).padStart(5, '0')}`, 'hello')])).status);
        await sleep(10);
      }
    })();
    for (const service of ['session', 'ingress', 'persistence']) {
      assert.match((await parley.cli(['scale', service, '3'])).stdout, /3 instances ready/);
      assert.match((await parley.cli(['scale', service, '1'])).stdout, /1 instance ready/);
    }
    isOver = true;
    await load;
    assert.deepEqual([...statuses], [200]);
    const { stderr } = await parley.cli(['scale', 'admin', '2'], { code: 1 });
    assert.match(stderr, /must not have more than one instance/);
  });

  test('commands say what they want', async () => {
    assert.match((await parley.cli(['restart'], { code: 64 })).stderr, /say which service/);
    assert.match((await parley.cli(['restart', 'nobody'], { code: 1 })).stderr, /not a service of parley.yaml/);
    assert.match((await parley.cli(['scale', 'session'], { code: 64 })).stderr, /how many/);
    assert.match((await parley.cli(['scale', 'session', '99'], { code: 1 })).stderr, /must be 1 to 64/);
    assert.match((await parley.cli(['drain', '--help'])).stdout, /finish what it has/);
    assert.match((await parley.cli(['drain', 'flow'])).stdout, /flow is drained and stopped/);
    assert.match((await parley.cli(['restart', 'flow'])).stdout, /1 instance restarted/);
  });
});

describe('row 20: actors that the broker did not start', () => {
  test('are remote, and lost when their heartbeats stop', async () => {
    const parley = await startWith([], { whatsapp: false });
    const { spawn } = await import('node:child_process');
    const child = spawn(program, ['--bus', `ipc://${path.join(parley.data, 'run/bus.sock')}`, '--instance', 'by-hand'],
      { env: parley.env, stdio: 'ignore' });
    const stateIs = (state) => until(`by-hand is ${state}`, async () => (await parley.rowOf('by-hand'))?.state === state, limitMs);
    try {
      await stateIs('remote');
      child.kill('SIGSTOP');
      await stateIs('lost');
      child.kill('SIGCONT');
      await stateIs('remote');
      await parley.cli(['drain', 'by-hand']);
      assert.equal(await new Promise((resolve) => (child.exitCode !== null ? resolve(child.exitCode) : child.on('exit', resolve))), 0);
    } finally {
      child.kill('SIGKILL');
      await parley.end();
    }
  });

  test('a broker that is restarted adopts every generation and every instance more', async () => {
    const parley = await startWith([], { whatsapp: false });
    try {
      await parley.cli(['scale', 'session', '3']);
      await parley.cli(['restart', 'flow']);
      const pids = async () => new Map((await parley.status()).instances.filter((r) => r.state === 'ready').map((r) => [r.instance, r.pid]));
      const before = await pids();
      assert.ok(before.has('flow-1.2') && before.has('session-3'));
      process.kill(parley.brokerPid(), 'SIGKILL');
      await until('all are adopted', async () => {
        try {
          const rows = (await parley.status()).instances.filter((r) => r.state === 'ready' && r.is_adopted);
          return rows.length === before.size;
        } catch {
          return false;
        }
      }, limitMs);
      assert.deepEqual(await pids(), before);
      // Its flight recorder is read by the new broker as well.
      const pid = before.get('misbehave-1');
      await parley.call('misbehave', 'touch');
      if (!isSanitized) {
        const row = await until('its obituary', async () => (await parley.obituaries()).find((o) => Number(o.pid) === pid), limitMs);
        assert.equal(row.reason, 'lost'); // not its parent
        assert.equal(Number(row.signal), 11); // its own last word
        assert.match(row.backtrace, /SIGSEGV/);
      }
    } finally {
      await parley.end();
    }
  });
});
