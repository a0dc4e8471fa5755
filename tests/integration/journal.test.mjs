// R-6: a turn of 20 steps and more, killed before and after its journal rows: it says the same, and does
// nothing twice. JOURNAL_KILLS=all kills at each row, each process; else some of them.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { choice, Parley, Sim, sleep, until } from '../harness/parley.mjs';

const steps = 20;
const services = ['flow', 'session', 'persistence'];
const cases = process.env.JOURNAL_KILLS === 'all'
  ? Array.from({ length: steps }, (_, k) => services.map((service) => [service, k + 1])).flat()
  : [['flow', 1], ['session', 7], ['persistence', 12], ['flow', 15], ['session', 20]];

// Sets, then one effect after the other, with a read between them, then the receipt of the last.
const flow = `flow: report_incident
revision: 99
start: set_what
nodes:
  - {node: set_what, kind: set, save: description, value: twenty reports, next: set_where}
  - {node: set_where, kind: set, save: location, value: the cellar, next: set_how}
  - {node: set_how, kind: set, save: severity, value: low, next: store_1}
${Array.from({ length: steps }, (_, i) => `  - {node: store_${i + 1}, kind: call, call: create_incident, next: ${i + 1 < steps ? `store_${i + 2}` : 'stored'}}`).join('\n')}
  - {node: stored, kind: message, text: receipt.incident, receipt_of: store_${steps}}
`;

describe('a turn that is killed', () => {
  let sim, parley, flows, customer = 0;
  const killedAt = new Map();
  before(async () => {
    flows = mkdtempSync(path.join(tmpdir(), 'parley-flows-'));
    writeFileSync(path.join(flows, 'report_incident.yaml'), flow);
    sim = await Sim.start();
    parley = await Parley.start({ sim, env: { PARLEY_FLOWS_DIR: flows, PARLEY_LEASE_MS: '3000', PARLEY_TYPING_AFTER_MS: '-1' } });
    // Rows take a moment, so that a kill falls between them.
    await parley.query(`create function parley.slow_step() returns trigger language plpgsql as $$ begin perform pg_sleep(0.03); return new; end $$`);
    await parley.query("create trigger slow_step before insert on parley.turn_steps for each row when (new.kind = 'effect') execute function parley.slow_step()");
  });
  after(async () => {
    await parley?.stop();
    await sim?.stop();
    if (flows) rmSync(flows, { recursive: true });
  });

  // Runs the turn, kills when `k` rows are there; returns what was said and done.
  async function run(service, k) {
    // Who crashes five times in half a minute is parked (intensity_count).
    if (service) await sleep(Math.max(0, (killedAt.get(service) ?? 0) + 8000 - Date.now()));
    customer += 1;
    const from = `3368000${String(customer).padStart(4, '0')}`;
    const count = async () => Number((await parley.query(
      "select count(*) as n from turn_steps s join conversations c using (tenant_id, conversation_id) where c.address = $1 and s.kind = 'effect'", [from]))[0].n);
    await parley.deliver([choice(from, 'menu:report_incident')]);
    if (service) {
      await until(`row ${k}`, async () => (await count()) >= k);
      process.kill(await parley.pidOf(service), 'SIGKILL');
      killedAt.set(service, Date.now());
    }
    await sim.waitFor(from, 1, 60000);
    const rows = await parley.query(
      'select i.number, i.idempotency_key from incidents i join conversations c using (tenant_id, conversation_id) where c.address = $1 order by i.number', [from]);
    const turns = await parley.turnsOf(from);
    const outbox = await parley.query(
      'select o.content::text as content from outbox o join conversations c using (tenant_id, conversation_id) where c.address = $1 order by o.seq', [from]);
    assert.equal(await count(), steps);
    return { rows, turns, outbox, from };
  }

  // The number of the receipt is the one thing that differs between two customers.
  const said = ({ outbox, rows }) => outbox.map((row) => row.content.replace(String(rows.at(-1).number), 'N'));

  let whole;
  test(`of ${steps} effects does each once`, async () => {
    whole = await run();
    assert.equal(whole.rows.length, steps);
    assert.match(said(whole)[0], /N/);
  });

  for (const [service, k] of cases)
    test(`(${service}, after row ${k}) says the same and does nothing twice`, async () => {
      const again = await run(service, k);
      assert.equal(again.turns.length, 1);
      assert.equal(again.turns[0].error_code, '');
      assert.deepEqual(said(again), said(whole));
      assert.equal(again.rows.length, steps, 'an effect was done twice');
      assert.equal(new Set(again.rows.map((row) => row.idempotency_key)).size, steps);
      assert.ok(again.rows.every((row) => row.idempotency_key.startsWith(again.turns[0].turn_id)), 'another turn did some of it');
      assert.equal((await sim.sentTo(again.from)).length, 1);
      await parley.cli(['replay', again.turns[0].turn_id, '--diff']);
    });
});
