// Rescue by liveness and fencing (D7, R-3, R-20, R-49): whoever dies, stands still or loses its broker gives its work
// away once, and does nothing with it any more.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Parley, Sim, envelope, isSanitized, sleep, textMessage, until } from '../harness/parley.mjs';
import { ALL_OTHERS, WallClocks } from '../harness/wall_clocks.mjs';

const limitMs = isSanitized ? 120000 : 60000;
const env = { PARLEY_CLAIM_MS: '4000', PARLEY_SEND_TIMEOUT_MS: '1000', PARLEY_RECONCILE_MS: '500' };

// Statuses of the simulator go to whoever is the target by then.
function startRelay() {
  const relay = { target: undefined };
  relay.server = http.createServer((request, response) => {
    const parts = [];
    request.on('data', (part) => parts.push(part));
    request.on('end', async () => {
      const { status } = await relay.target.post('/webhook/whatsapp', Buffer.concat(parts), { 'x-hub-signature-256': request.headers['x-hub-signature-256'] });
      response.writeHead(status || 503).end();
    });
  });
  return new Promise((resolve) => relay.server.listen(0, '127.0.0.1', () => resolve(relay)));
}

let customer = 0;
const crowd = async (parley, size) => {
  const customers = Array.from({ length: size }, () => `4475${String(++customer).padStart(8, '0')}`);
  await Promise.all(customers.map((from) => parley.deliver([textMessage(from, 'hello')], undefined, limitMs)));
  return customers;
};

const pidsOf = async (parley, service) => (await parley.status()).instances.filter((row) => row.service === service && row.pid).map((row) => row.pid);
// Programs of a cell that read the wall clock on the way of a message, and those that supervise them.
const PROGRAMS = ['launcher', 'broker', 'ingress', 'session', 'persistence', 'delivery', 'intent', 'flow', 'agent', 'translation', 'admin', 'notify']
  .map((name) => (name === 'launcher' ? 'parley' : `parley-${name}`));
const SHIFTS_S = [1, -3600, 86400, -1, 3600, -86400];

function signalAll(pids, signal) {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (error.code !== 'ESRCH') throw error; // its broker took it for hung and replaced it
    }
  }
}

async function answered(sim, customers) {
  await until('all are answered', async () => {
    const seen = new Set((await sim.ledger()).map((row) => String(row.to).replace('+', '')));
    return customers.every((from) => seen.has(from));
  }, limitMs);
}

async function once(sim, customers) {
  const counts = new Map(customers.map((from) => [from, 0]));
  for (const row of await sim.ledger()) {
    const from = String(row.to).replace('+', '');
    if (counts.has(from)) counts.set(from, counts.get(from) + 1);
  }
  assert.deepEqual([...counts].filter(([, n]) => n !== 1), [], 'not answered exactly once');
}

// The conversations of these customers: who has them in hand, and how often they changed hands.
const conversationsOf = (parley, customers) => parley.query('select lease_holder, lease_fence::int as fence from conversations where address = any($1)', [customers]);

// Their turns have begun and cannot end before intent goes on.
async function withTurnsInHand(parley, size) {
  const intents = await pidsOf(parley, 'intent');
  signalAll(intents, 'SIGSTOP');
  const customers = await crowd(parley, size);
  await until('their turns have begun', async () => (await conversationsOf(parley, customers)).every((row) => row.lease_holder !== ''));
  return { customers, goOn: () => signalAll(intents, 'SIGCONT') };
}

describe('rescue', () => {
  let sim, relay, parley, clocks, folder;
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'parley-clocks-'));
    clocks = new WallClocks(path.join(folder, 'shifts'), [...PROGRAMS, ALL_OTHERS]);
    relay = await startRelay();
    sim = await Sim.start({ webhook: `http://127.0.0.1:${relay.server.address().port}/` });
    await sim.behave({ statuses: ['sent'], status_delay_ms: 20 });
    parley = relay.target = await Parley.start({ sim, env });
    await parley.cli(['scale', 'session', '2']);
    await parley.cli(['scale', 'delivery', '2']);
    await until('all live', async () => (await parley.query('select 1 from instances where expires_at > now()')).length === 4);
  });
  after(async () => {
    await parley?.stop();
    await sim?.stop();
    relay?.server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('R-20: a killed session\'s turns run elsewhere at once, not when its leases run out', async (t) => {
    const { customers, goOn } = await withTurnsInHand(parley, 12);
    const [victim] = (await conversationsOf(parley, customers)).map((row) => row.lease_holder.split('/')[1]);
    const { pid } = (await parley.status()).instances.find((row) => row.instance === victim);
    process.kill(pid, 'SIGKILL');
    const killedMs = Date.now();
    goOn();
    await answered(sim, customers);
    const tookMs = Date.now() - killedMs;
    t.diagnostic(`answered ${tookMs} ms after the kill`);
    assert.ok(tookMs < (isSanitized ? 30000 : 10000), `${tookMs} ms: its leases ran out instead (12 s)`);
    await once(sim, customers);
  });

  test('a delivery that stood still longer than its claims sends none of them', async () => {
    const [pid] = await pidsOf(parley, 'delivery');
    const held = async () => (await parley.query("select count(*)::int as n from outbox_queue where claimed_by like 'main/delivery-1%' and due_at > now()"))[0].n;
    // Answers come late, so that the other requests of a claim wait or are on their way when it stops.
    await sim.behave({ latency_ms: 300 });
    const customers = await crowd(parley, 40);
    await until('it holds claims', async () => (await held()) > 0);
    process.kill(pid, 'SIGSTOP');
    await sim.behave({ latency_ms: 0 });
    await answered(sim, customers);
    await sleep(4500); // all of its claims have run out
    process.kill(pid, 'SIGCONT');
    await sleep(1500);
    await once(sim, customers);
  });

  test('R-20, R-49: a paused cell gives its work away in 15 s, whatever its wall clock says, and its late commits are refused', { skip: isSanitized && 'no preloading under sanitizers' }, async (t) => {
    assert.ok(existsSync(clocks.env.LD_PRELOAD));
    clocks.setAll(86400);
    const south = await Parley.start({ sim, cell: 'south', join: parley, env: { ...env, ...clocks.env } });
    try {
      const log = path.join(south.data, 'log');
      const [first] = readFileSync(path.join(log, readdirSync(log).find((name) => /^session-.*\.log$/.test(name))), 'utf8').split('\n');
      assert.ok(Date.parse(JSON.parse(first).time) > Date.now() + 80000000, 'its wall clock is a day ahead');
      // Neither takes from the other what it holds, and each sweeps what is its own.
      const busy = await withTurnsInHand(parley, 8);
      await sleep(3000);
      assert.deepEqual((await conversationsOf(parley, busy.customers)).filter((row) => row.fence !== 1), [], 'a living holder was robbed');
      busy.goOn();
      await answered(sim, busy.customers);
      await once(sim, busy.customers);

      const { customers, goOn } = await withTurnsInHand(south, 8);
      const pids = (await south.status()).instances.filter((row) => row.pid && row.service !== 'intent').map((row) => row.pid).concat(south.brokerPid(), Number(south.runFile('launcher.pid')));
      signalAll(pids, 'SIGSTOP');
      const pausedMs = Date.now();
      await answered(sim, customers);
      const tookMs = Date.now() - pausedMs;
      t.diagnostic(`answered ${tookMs} ms after the cell was paused`);
      assert.ok(tookMs < 20000, `${tookMs} ms`);
      assert.deepEqual((await conversationsOf(parley, customers)).filter((row) => row.fence !== 2), [], 'taken once');
      signalAll(pids, 'SIGCONT');
      goOn();
      await until('it has a new name', async () => (await parley.query("select 1 from instances where instance like 'south/%' and expires_at > now()")).length === 2);
      await crowd(south, 5).then((late) => answered(sim, late));
      await once(sim, customers);
    } finally {
      await south.stop();
    }
  });

  test('R-49: wall clocks that differ from process to process and jump, forwards and backwards, are nothing to leases, timers and signatures', { skip: isSanitized && 'no preloading under sanitizers' }, async (t) => {
    clocks.setAll(0);
    const east = await Parley.start({ sim, cell: 'east', join: parley, env: { ...env, ...clocks.env } });
    try {
      const pids = async () => (await east.status()).instances.filter((row) => row.pid && row.state !== 'client').map((row) => `${row.instance} ${row.pid}`).sort();
      const names = async () => (await parley.query("select instance from instances where instance like 'east/%' and expires_at > now() order by 1")).map((row) => row.instance);
      const [pidsBefore, namesBefore] = [await pids(), await names()];
      assert.equal(namesBefore.length, 2);
      const all = [], tookMs = [];
      for (let step = 0; step <= SHIFTS_S.length; step++) {
        const { customers, goOn } = await withTurnsInHand(east, 4);
        // With turns in hand, and sends that will be refused once and wait for their next try. At last all are right again.
        await sim.behave({ fail: { http: 500, times: 2 } });
        PROGRAMS.forEach((name, i) => clocks.set(name, step === SHIFTS_S.length ? 0 : SHIFTS_S[(i + step) % SHIFTS_S.length]));
        const jumpedMs = Date.now();
        goOn();
        await answered(sim, customers);
        tookMs.push(Date.now() - jumpedMs);
        all.push(...customers);
        const body = JSON.stringify(envelope([textMessage(customers[0], 'thank you')]));
        assert.equal((await east.post('/webhook/whatsapp', body, { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` })).status, 401);
      }
      t.diagnostic(`answered ${tookMs.join(', ')} ms after a jump`);
      await once(sim, all);
      assert.deepEqual((await conversationsOf(parley, all)).filter((row) => row.fence !== 1), [], 'a turn was claimed twice');
      const [sent] = await parley.query(`select count(*)::int as n, count(distinct o.conversation_id)::int as conversations, sum(o.attempt)::int as attempts, sum(o.unknown_count)::int as unknown
        from outbox o join conversations c using (tenant_id, conversation_id) where c.address = any($1)`, [all]);
      assert.deepEqual(sent, { n: all.length, conversations: all.length, attempts: all.length + 2 * tookMs.length, unknown: 0 }, 'each was tried once, and again when it was refused');
      assert.deepEqual(await pids(), pidsBefore, 'nobody was taken for hung or dead');
      assert.deepEqual(await names(), namesBefore, 'nobody lost its name');
      assert.equal(Number((await east.status()).dead ?? 0), 0);
    } finally {
      await east.stop();
    }
  });
});

describe('R-3: orphans', () => {
  test('start no send later than 2 s after their broker', async (t) => {
    const sim = await Sim.start();
    // One message a quarter of a second, and claims that last: it would send for many seconds on.
    const parley = await Parley.start({ sim, env: { PARLEY_THROUGHPUT_PER_S: '4', PARLEY_CLAIM_MS: '120000', PARLEY_ORPHAN_MS: '6000' } });
    try {
      const pids = (await parley.status()).instances.filter((row) => row.pid && row.state !== 'client').map((row) => row.pid);
      await crowd(parley, 40);
      await until('some are sent, more are claimed', async () => (await sim.ledger()).length >= 3 &&
        (await parley.query("select count(*)::int as n from outbox_queue where claimed_by <> '' and due_at > now()"))[0].n > 10);
      const broker = parley.brokerPid();
      process.kill(Number(parley.runFile('launcher.pid')), 'SIGKILL');
      process.kill(broker, 'SIGKILL');
      await sleep(2000);
      const sent = (await sim.ledger()).length;
      await sleep(3000);
      assert.ok(existsSync(`/proc/${pids[0]}`), 'the orphans still live');
      assert.equal((await sim.ledger()).length, sent, 'sent without a broker');
      t.diagnostic(`${sent} of 40 were sent when the broker died, none after 2 s`);
      await until('all orphans are gone', () => !pids.some((pid) => existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))), 30000);
    } finally {
      await parley.stop();
      await sim.stop();
    }
  });
});
