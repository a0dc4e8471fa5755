// Whatever is killed: nothing accepted is lost, everything is answered, in order.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Parley, Sim, isSanitized, sleep, textMessage, until } from '../harness/parley.mjs';

const limitMs = isSanitized ? 120000 : 60000;

describe('kill -9', () => {
  let sim, parley, customer = 0;
  before(async () => {
    sim = await Sim.start();
    parley = await Parley.start({ sim, env: { PARLEY_LEASE_MS: '3000', PARLEY_CLAIM_MS: '120000', PARLEY_RECONCILE_MS: '500' } });
  });
  after(async () => {
    await parley?.stop();
    await sim?.stop();
  });

  // Customers write one message each while `harm` happens; all must be acknowledged and answered.
  async function underTraffic(harm, { count = 60, everyMs = 15 } = {}) {
    const customers = Array.from({ length: count }, () => `4470000${String(++customer).padStart(5, '0')}`);
    const deliveries = [];
    let tries = 0;
    const harmed = sleep((count * everyMs) / 3).then(harm);
    for (const from of customers) {
      deliveries.push(parley.deliver([textMessage(from, 'hello')], undefined, limitMs).then((n) => (tries += n)));
      await sleep(everyMs);
    }
    await Promise.all(deliveries);
    await harmed;
    await until('all are answered', async () => {
      const answered = new Set((await sim.ledger()).map((row) => String(row.to).replace('+', '')));
      return customers.every((from) => answered.has(from));
    }, limitMs);
    return { customers, tries };
  }

  async function noneTwice(customers) {
    const counts = new Map();
    for (const row of await sim.ledger()) {
      const id = row.outbox_id ?? row.biz_opaque_callback_data;
      if (id) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    const ambiguous = await parley.query('select outbox_id from outbox where unknown_count > 0');
    const twice = [...counts].filter(([, n]) => n > 1).map(([id]) => id);
    const allowed = new Set(ambiguous.map((row) => row.outbox_id));
    assert.deepEqual(twice.filter((id) => !allowed.has(id)), [], 'sent twice outside an ambiguous send');
    const rows = await parley.query(
      `select a.address, count(*) as n from inbox i join conversations c using (tenant_id, conversation_id)
         join contact_addresses a using (tenant_id, contact_id) where a.address = any($1) group by 1 having count(*) <> 1`, [customers]);
    assert.equal(rows.length, 0);
  }

  for (const service of ['ingress', 'persistence', 'session', 'translation', 'intent', 'flow', 'agent', 'delivery'])
    test(`of ${service} loses nothing`, async () => {
      const pid = await parley.pidOf(service);
      const { customers } = await underTraffic(() => process.kill(pid, 'SIGKILL'));
      await noneTwice(customers);
      await until(`${service} is back`, async () => {
        const row = (await parley.status()).instances.find((r) => r.service === service);
        return row.state === 'ready' && row.pid !== pid && row.restarts >= 1;
      }, limitMs);
    });

  test('of the broker loses nothing, fails no webhook, and its actors are adopted', async () => {
    const before = new Map((await parley.status()).instances.filter((r) => r.pid && r.state !== 'client').map((r) => [r.instance, r.pid]));
    const { customers, tries } = await underTraffic(() => process.kill(parley.brokerPid(), 'SIGKILL'));
    assert.equal(tries, customers.length, 'a webhook had to be delivered again');
    await noneTwice(customers);
    const rows = (await parley.status()).instances.filter((r) => r.state !== 'client');
    for (const row of rows) {
      assert.equal(row.pid, before.get(row.instance), `${row.instance} was restarted`);
      assert.equal(row.is_adopted, true);
    }
  });

  test('and restart of PostgreSQL loses nothing', async () => {
    const pgPid = () => Number(readFileSync(path.join(parley.data, 'pg/postmaster.pid'), 'utf8').split('\n')[0]);
    const old = pgPid();
    const { customers } = await underTraffic(() => process.kill(old, 'SIGKILL'), { count: 90 });
    await noneTwice(customers);
    assert.notEqual(pgPid(), old);
  });

  test('of session in the middle of a turn: the next one works on the same turn', async () => {
    const from = `4470000${String(++customer).padStart(5, '0')}`;
    const conversation = async () => (await parley.query('select turn_id, turn_started_at, lease_fence from conversations where address = $1', [from]))[0];
    const intent = await parley.pidOf('intent');
    process.kill(intent, 'SIGSTOP');
    let open, again;
    try {
      await parley.deliver([textMessage(from, 'hello')]);
      open = await until('the turn is open', async () => (await conversation())?.turn_id && conversation(), limitMs);
      process.kill(await parley.pidOf('session'), 'SIGKILL');
      again = await until('somebody has taken it over', async () => {
        const row = await conversation();
        return Number(row.lease_fence) > Number(open.lease_fence) && row;
      }, limitMs);
      await parley.deliver([textMessage(from, 'are you there?')]); // not part of it: it supersedes the plan
      await until('a new turn has taken its place', async () => (await conversation()).turn_id !== open.turn_id, limitMs);
    } finally {
      process.kill(intent, 'SIGCONT');
    }
    assert.equal(again.turn_id, open.turn_id);
    assert.deepEqual(again.turn_started_at, open.turn_started_at);
    const turns = await until('both messages are answered', async () => {
      const rows = await parley.query(
        `select t.turn_id, cardinality(t.inbox_seqs) as n, t.superseded_count from turns t join conversations c using (tenant_id, conversation_id)
          where c.address = $1 order by t.fence`, [from]);
      return rows.length > 0 && rows;
    }, limitMs);
    assert.deepEqual(turns.map((row) => [row.n, row.superseded_count]), [[2, 1]]);
    assert.equal((await conversation()).turn_id, null);
  });

  test('of delivery at each try sends a message once more, not for ever', async () => {
    const from = `4470000${String(++customer).padStart(5, '0')}`;
    const row = async () => (await parley.query(
      `select o.outbox_id, o.state, o.attempt, o.unknown_count, o.error_text from outbox o
         join conversations c using (tenant_id, conversation_id) where c.address = $1`, [from]))[0];
    await sim.behave({ latency_ms: 20000 });
    await parley.deliver([textMessage(from, 'hello')]);
    for (const attempt of [1, 2]) {
      await until(`attempt ${attempt} is on its way`, async () => (await sim.sentTo(from)).length === attempt, limitMs);
      process.kill(await parley.pidOf('delivery'), 'SIGKILL');
    }
    await until('it is given up', async () => (await row())?.state === 'failed', limitMs);
    await sim.behave({ latency_ms: 0 });
    const { unknown_count: unknown, error_text: text } = await row();
    assert.equal(unknown, 2);
    assert.match(text, /outcome unknown twice/);
    const alerts = await parley.query( // its own: under load a kill before may have left another
      "select 1 from system_alerts a join conversations c using (tenant_id, conversation_id) where a.kind = 'send_unknown' and c.address = $1", [from]);
    assert.equal(alerts.length, 1);
    assert.equal((await sim.sentTo(from)).length, 2);
  });

  test('the calls of the broker add up', async () => {
    const s = await parley.status();
    const n = (name) => Number(s[name] ?? 0);
    assert.equal(n('accepted'), n('replied') + n('failed') + n('cancelled') + n('open'));
  });
});

describe('a dead broker without a launcher', () => {
  test('leaves no actor behind for longer than orphan_ms', async () => {
    const parley = await Parley.start({ whatsapp: false, env: { PARLEY_ORPHAN_MS: '1500' } });
    const pids = (await parley.status()).instances.filter((r) => r.pid && r.state !== 'client').map((r) => r.pid);
    const broker = parley.brokerPid();
    process.kill(Number(parley.runFile('launcher.pid')), 'SIGKILL');
    process.kill(broker, 'SIGKILL');
    const isAlive = (pid) => {
      try {
        return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
      } catch {
        return false;
      }
    };
    await until('all actors are gone', async () => !pids.some(isAlive), 30000);
    await parley.stop();
    assert.throws(() => execFileSync('pgrep', ['-f', parley.data]), 'a process is left');
  });
});
