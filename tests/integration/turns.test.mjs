// Turns: order, bursts, flows, hand-over, retries.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { choice, Parley, Sim, sleep, textMessage, until } from '../harness/parley.mjs';

const textOf = (row) => row.body?.text ?? row.text ?? JSON.stringify(row);

describe('turns', () => {
  let sim, parley;
  before(async () => {
    sim = await Sim.start();
    parley = await Parley.start({ sim });
  });
  after(async () => {
    await parley?.stop();
    await sim?.stop();
  });


  test('two messages of each of 50 customers in parallel are answered in order', async () => {
    const customers = Array.from({ length: 50 }, (_, i) => `3361000${String(i).padStart(4, '0')}`);
    await Promise.all(customers.map(async (from) => {
      await parley.say(from, 'bonjour');
      await sim.waitFor(from, 1);
      assert.equal((await parley.webhook([choice(from, 'menu:list_projects')])).status, 200);
      await sim.waitFor(from, 2);
    }));
    for (const from of customers) {
      const rows = await parley.query(
        `select o.seq, o.provider_id from outbox o join conversations c using (tenant_id, conversation_id)
           join contact_addresses a using (tenant_id, contact_id) where a.address = $1 order by o.seq`, [from]);
      const sent = (await sim.sentTo(from)).map((row) => row.provider_id);
      await until('results', async () => (await parley.query("select 1 from outbox where state in ('queued','sending')")).length === 0);
      assert.deepEqual(rows.map((row) => Number(row.seq)), rows.map((_, i) => Number(rows[0].seq) + i));
      assert.equal(sent.length, rows.length);
    }
  });

  test('messages without a pause between them are answered in the order of arrival', async () => {
    const from = '33620000001';
    for (let i = 0; i < 5; i++) await parley.say(from, i % 2 ? 'bonjour' : 'mes chantiers svp');
    await until('all are in a turn', async () => (await parley.query(
      `select 1 from inbox i join conversations c using (tenant_id, conversation_id) join contact_addresses a using (tenant_id, contact_id)
        where a.address = $1 and i.turn_id is null`, [from])).length === 0);
    await until('all are sent', async () => (await parley.query("select 1 from outbox where state in ('queued','sending')")).length === 0);
    const outbox = await parley.query(
      `select provider_id from outbox o join conversations c using (tenant_id, conversation_id)
         join contact_addresses a using (tenant_id, contact_id) where a.address = $1 and o.state <> 'superseded' order by seq`, [from]);
    assert.deepEqual((await sim.sentTo(from)).map((row) => row.provider_id), outbox.map((row) => row.provider_id));
  });

  test('an incident is told in several messages and confirmed from the stored row', async () => {
    const from = '33620000002';
    const say = async (message, count) => {
      assert.equal((await parley.webhook([message])).status, 200);
      return sim.waitFor(from, count);
    };
    await say(choice(from, 'menu:report_incident'), 1);
    await say(textMessage(from, "il y a une fuite d'eau dans la salle de bain"), 2);
    await say(textMessage(from, 'au deuxième étage'), 3);
    await say(textMessage(from, 'grave'), 4);
    const sent = await say(textMessage(from, 'oui'), 5);
    const rows = await parley.query("select * from incidents where description like '%fuite%'");
    assert.equal(rows.length, 1);
    assert.match(JSON.stringify(sent.at(-1)), new RegExp(`\\b${rows[0].number}\\b`));
    assert.match(rows[0].location, /deuxième/);
  });

  test('a question is answered from the FAQ with its source', async () => {
    const from = '34630000001';
    await parley.say(from, '¿cuál es el horario de apertura?');
    await sim.waitFor(from, 1);
    const [turn] = await parley.turnsOf(from);
    assert.equal(turn.path, 'agent');
    assert.equal(turn.language, 'es');
  });

  test('after a hand-over the bot is silent until the conversation is handed back', async () => {
    const from = '34630000002';
    await parley.say(from, 'quiero hablar con una persona');
    await sim.waitFor(from, 1);
    const [first] = await parley.turnsOf(from);
    assert.equal(first.decision, 'HUMAN_HANDOFF');
    assert.equal((await parley.query('select 1 from notifications')).length > 0, true);
    await parley.say(from, 'hola?');
    await until('the silent turn', async () => (await parley.turnsOf(from)).length === 2);
    await sleep(300);
    assert.equal((await sim.sentTo(from)).length, 1);
    assert.match((await parley.cli(['handoffs'])).stdout, new RegExp(from));
    await parley.cli(['handback', '--from', from]);
    await parley.say(from, 'hola buenas');
    await sim.waitFor(from, 2);
  });

  test('what Meta calls retryable is sent again, once it is accepted exactly one is in the ledger', async () => {
    const from = '34630000003';
    await sim.behave({ fail: { http: 500, code: 131000, times: 2, to: `+${from}` } });
    await parley.say(from, 'hola buenas');
    await sim.waitFor(from, 1, 60000);
    await sim.behave({});
    await until('recorded', async () => (await parley.query("select 1 from outbox where state in ('queued','sending')")).length === 0);
    assert.equal((await sim.sentTo(from)).length, 1);
  });

  test('what Meta refuses for good is recorded with its reason and the next message goes out', async () => {
    const from = '34630000004';
    await sim.behave({ fail: { http: 400, code: 131047, times: 1, to: `+${from}` } });
    await parley.say(from, 'hola buenas');
    const rows = await until('the failed row', () => parley.query("select * from outbox where state = 'failed'").then((found) => found.length && found));
    await sim.behave({});
    assert.equal(Number(rows[0].error_code), 131047);
    await parley.webhook([choice(from, 'menu:list_projects')]);
    await sim.waitFor(from, 1);
  });
});

describe('a burst', () => {
  let sim, parley;
  before(async () => {
    sim = await Sim.start();
    parley = await Parley.start({ sim, env: { PARLEY_QUIET_WINDOW_MS: '1500', PARLEY_QUIET_MAX_MS: '8000' } });
  });
  after(async () => {
    await parley?.stop();
    await sim?.stop();
  });

  test('of three messages makes one turn', async () => {
    const from = '34640000001';
    for (const text of ['hola', 'una pregunta', '¿cuál es el horario de apertura?']) await parley.say(from, text);
    await sim.waitFor(from, 1);
    const turns = await parley.query('select turn_id, count(*) as n from inbox where turn_id is not null group by 1');
    assert.equal(turns.length, 1);
    assert.equal(Number(turns[0].n), 3);
  });

  test('that takes a moment shows the customer that it was read and is being answered', async () => {
    const from = '34640000001';
    await parley.say(from, 'hola');
    await sim.waitFor(from, 2);
    const stats = await (await fetch(`${sim.url}/_sim/stats`)).json();
    assert.ok(stats.typings >= 1, JSON.stringify(stats));
  });
});
