// No silent turn: whatever stage hangs, dies or fails, the customer gets an answer or a person within the
// tenant's deadline, and somebody is alerted.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { choice, Sim, sleep, until } from '../harness/parley.mjs';
import { startWithStandIn } from '../harness/stand_in.mjs';

const limitMs = 60000;
const openAlerts = async (parley) => JSON.parse((await parley.cli(['alerts', '--json'])).stdout).alerts ?? [];
const alertsOf = async (parley, from) => (await openAlerts(parley)).filter((alert) => alert.address === from).map((alert) => alert.kind).sort();

describe('no silent turn', () => {
  let sim, parley;
  before(async () => {
    sim = await Sim.start();
    parley = await startWithStandIn(['agent', 'flow'], {
      sim, env: { PARLEY_FAST_PATH_CONFIDENCE_PCT: '100', PARLEY_WATCH_MS: '300', PARLEY_TURN_BUDGET_MS: '1000', PARLEY_LEASE_MS: '3000' },
    });
    await parley.query("update tenants set answer_ms = 6000, first_sign_ms = 2000");
  });
  after(async () => {
    await parley?.end();
    await sim?.stop();
  });

  test('an agent that hangs is left for the FAQ, in time', async () => {
    const from = '34670000001';
    parley.setMood('agent', 'hang');
    parley.setMood('flow', 'fail');
    await parley.say(from, '¿cuál es el horario de apertura?');
    await sim.waitFor(from, 1, limitMs);
    const [turn] = await parley.turnsOf(from);
    assert.equal(turn.path, 'faq');
    assert.equal(turn.error_code, 'SYSTEM_5002');
    assert.deepEqual(parley.ledgerOf('agent').map(([what]) => what).sort(), ['called', 'called', 'cancelled', 'cancelled']);
  });

  test('an agent that fails and no entry that fits end with the polite text and a person alerted', async () => {
    const from = '34670000002';
    parley.setMood('agent', 'fail');
    await parley.say(from, 'qwertz uiopü asdf');
    await sim.waitFor(from, 1, limitMs);
    const [turn] = await parley.turnsOf(from);
    assert.equal(turn.path, 'fallback');
    assert.deepEqual(await alertsOf(parley, from), ['fallback']);
    const [alert] = (await openAlerts(parley)).filter((row) => row.address === from);
    assert.match((await parley.cli(['alerts'])).stdout, new RegExp(`^ +${alert.alert_id} .*fallback.*${from}`, 'm'));
    await parley.cli(['alerts', 'resolve', String(alert.alert_id)]);
    assert.deepEqual(await alertsOf(parley, from), []);
    await parley.cli(['alerts', 'resolve', String(alert.alert_id)], { code: 69 });
  });

  test('a flow that dies each time is left for the agent', async () => {
    const from = '34670000003';
    parley.setMood('flow', 'die');
    parley.setMood('agent', 'respond 0');
    assert.equal((await parley.webhook([choice(from, 'menu:book_appointment')])).status, 200);
    await sim.waitFor(from, 1, limitMs);
    const [turn] = await parley.turnsOf(from);
    assert.equal(turn.path, 'agent');
    assert.notEqual(turn.error_code, '');
    parley.setMood('flow', 'respond 0');
  });

  test('on a channel without "typing" the customer reads once that an answer is being written', async () => {
    parley.setMood('agent', 'respond 2500');
    const { stdout } = await parley.cli(['chat', '--from', 'slow-reader'], { input: 'qwertz uiop\n' });
    assert.match(stdout, /re: qwertz uiop/);
    const rows = await parley.outboxOf('slow-reader');
    assert.equal(rows.length, 2);
    assert.equal(rows[0].turn_id, null);
    assert.match(rows[1].content.text, /^re: /);
  });

  test('a session that is killed at each begin hands the turn over to a person', async () => {
    const from = '34670000005';
    parley.setMood('agent', 'hang');
    await parley.say(from, 'qwertz kills');
    const begins = async () => (await parley.query('select turn_begins_count, turn_id from conversations where address = $1', [from]))[0];
    for (let n = 1; n <= 3; n++) {
      await until(`begin ${n}`, async () => (await begins())?.turn_begins_count >= n, limitMs);
      process.kill(await parley.pidOf('session'), 'SIGKILL');
    }
    await sim.waitFor(from, 1, limitMs);
    const [turn] = await parley.turnsOf(from);
    assert.equal(turn.path, 'poison');
    assert.equal(turn.decision, 'HUMAN_HANDOFF');
    assert.ok((await alertsOf(parley, from)).includes('poison'));
    assert.match((await parley.cli(['handoffs'])).stdout, new RegExp(from));
  });

  test('who waits too long is counted and alerted, and answered when it is possible again', async () => {
    const from = '34670000006';
    parley.setMood('agent', 'respond 0');
    await parley.say(from, 'first');
    await sim.waitFor(from, 1, limitMs);
    // Nobody can commit for this customer: the row of the conversation is held.
    const holder = await parley.pool.connect();
    try {
      await holder.query('begin');
      await holder.query('select 1 from conversations where address = $1 for update', [from]);
      await parley.say(from, 'qwertz second');
      await until('it is counted', async () => (await parley.status()).unanswered === 1, limitMs);
      assert.deepEqual(await alertsOf(parley, from), ['unanswered']);
      assert.match((await parley.cli(['status'])).stdout, /^unanswered: 1 /m);
    } finally {
      await holder.query('rollback');
      holder.release();
    }
    await sim.waitFor(from, 2, limitMs);
    await until('the alert is resolved', async () => (await alertsOf(parley, from)).length === 0, limitMs);
    await until('the count is 0 again', async () => (await parley.status()).unanswered === 0, limitMs);
  });

  test('a WAIT that runs out is answered and a person is told', async () => {
    const from = '34670000007';
    parley.setMood('agent', 'wait 1500');
    await parley.say(from, 'qwertz wait');
    await until('the turn waits', async () => (await parley.turnsOf(from))[0]?.decision === 'WAIT', limitMs);
    const [row] = await parley.query('select wait_until, wait_for from conversations where address = $1', [from]);
    assert.ok(row.wait_until);
    assert.equal(row.wait_for, 'customer');
    assert.equal((await sim.sentTo(from)).length, 0);
    await sim.waitFor(from, 1, limitMs); // it still wants to wait, and may not
    const turns = await parley.turnsOf(from);
    assert.equal(turns.length, 2);
    assert.ok(turns[0].superseded_at);
    assert.notEqual(turns[1].decision, 'WAIT');
    assert.deepEqual(turns[1].inbox_seqs, turns[0].inbox_seqs);
    assert.ok((await alertsOf(parley, from)).includes('wait_over'));
    await sleep(700);
    assert.equal((await parley.turnsOf(from)).length, 2);
  });

  test('a WAIT ends when the customer writes', async () => {
    const from = '34670000008';
    parley.setMood('agent', 'wait 60000');
    await parley.say(from, 'qwertz wait');
    await until('the turn waits', async () => (await parley.turnsOf(from))[0]?.decision === 'WAIT', limitMs);
    parley.setMood('agent', 'respond 0');
    await parley.say(from, 'qwertz more');
    await sim.waitFor(from, 1, limitMs);
    const [row] = await parley.query('select wait_until, wait_turn_id from conversations where address = $1', [from]);
    assert.deepEqual(row, { wait_until: null, wait_turn_id: null });
  });
});
