// Turn-taking: a burst is one turn, a correction makes the answer that is being written stale, and who is
// planned again is answered once, with everything that was written.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { freePort, Sim, sleep, until } from '../harness/parley.mjs';
import { startWithStandIn } from '../harness/stand_in.mjs';

// What the provider accepted, in its order, with the texts that the outbox has for it.
const textsTo = async (parley, sim, from) => {
  const rows = await parley.query('select outbox_id, content from outbox');
  const textOf = new Map(rows.map((row) => [row.outbox_id, row.content.text]));
  return (await sim.sentTo(from)).map((row) => textOf.get(row.outbox_id));
};
const metric = async (parley, name) => {
  const text = await (await fetch(`http://127.0.0.1:${parley.adminPort}/metrics`)).text();
  return [...text.matchAll(new RegExp(String.raw`^parley_${name}\{[^}]*\} (\d+)$`, 'gm'))].reduce((sum, match) => sum + Number(match[1]), 0);
};
// Everything is the agent's.
const toAgent = { PARLEY_FAST_PATH_CONFIDENCE_PCT: '100' };
const adminPort = await freePort();
const adminToken = 'a-token-of-the-test-0123456789abcdef';

describe('corrections while a slow agent thinks', () => {
  let sim, parley;
  before(async () => {
    sim = await Sim.start();
    parley = await startWithStandIn(['agent'], { sim, adminPort, env: { ...toAgent, X_ADMIN_TOKEN: adminToken, PARLEY_IDLE_CLAIM_MS: '60000' } });
    parley.setMood('agent', 'respond 700');
  });
  after(async () => {
    await parley?.end();
    await sim?.stop();
  });

  test('the stale plan is cancelled and one answer knows both messages', async () => {
    const from = '34650000001';
    await parley.say(from, 'tomorrow at 10h please');
    await until('the agent thinks', () => parley.ledgerOf('agent').some(([what]) => what === 'called'));
    await parley.say(from, 'no, 11h');
    await sim.waitFor(from, 1);
    await sleep(1000);
    assert.deepEqual(await textsTo(parley, sim, from), ['re: tomorrow at 10h please\nno, 11h']);
    assert.deepEqual(parley.ledgerOf('agent').map(([what]) => what), ['called', 'cancelled', 'called', 'answered']);
    const turns = await parley.turnsOf(from);
    assert.equal(turns.length, 1);
    assert.equal(turns[0].superseded_count, 1);
    assert.equal(turns[0].inbox_seqs.length, 2);
    await until('it is counted', async () => (await metric(parley, 'turns_superseded_total')) === 1);
    assert.equal(await metric(parley, 'turn_calls_cancelled_total'), 1);
  });

  test('20 customers who correct themselves get one answer each, and none of them is stale', async () => {
    const customers = Array.from({ length: 20 }, (_, i) => `346510000${String(i).padStart(2, '0')}`);
    await Promise.all(customers.map(async (from, i) => {
      await parley.say(from, 'a table for two');
      await sleep(30 * i);
      await parley.say(from, 'for three');
      if (i % 2) await parley.say(from, 'on Monday');
    }));
    await Promise.all(customers.map((from) => sim.waitFor(from, 1)));
    await until('nothing is pending', async () => (await parley.query('select 1 from inbox where turn_id is null and starts_turn')).length === 0);
    await until('all is sent', async () => (await parley.query("select 1 from outbox where state in ('queued', 'sending')")).length === 0);
    for (const [i, from] of customers.entries())
      assert.deepEqual(await textsTo(parley, sim, from), [`re: a table for two\nfor three${i % 2 ? '\non Monday' : ''}`]);
  });

  test('who never stops writing is answered after three plans', async () => {
    const from = '34652000001';
    for (let i = 0; i < 8; i++) {
      await parley.say(from, `and ${i}`);
      await sleep(250);
    }
    await until('nothing is pending', async () => (await parley.query('select 1 from inbox where turn_id is null and starts_turn')).length === 0);
    const turns = await parley.turnsOf(from);
    assert.equal(turns[0].superseded_count, 3);
    assert.ok(turns.length >= 2 && turns.length <= 3, `${turns.length} turns`);
    assert.deepEqual(turns.flatMap((turn) => turn.inbox_seqs.map(Number)).length, 8);
  });

  // A person writes. The outbox is looked at when somebody says so, and hardly else.
  const conversationOf = async (from) => (await parley.query('select conversation_id from conversations where address = $1', [from]))[0].conversation_id;
  const authorsOf = async (from) => (await parley.query(
    'select o.author, o.state from outbox o join conversations c using (tenant_id, conversation_id) where c.address = $1 order by o.seq', [from])).map((row) => `${row.author} ${row.state}`);
  const isAnswered = (from) => parley.query(
    'select 1 from inbox i join conversations c using (tenant_id, conversation_id) where c.address = $1 and i.turn_id is null', [from]).then((rows) => rows.length === 0);
  const byApi = async (conversation, text) => assert.equal((await fetch(`http://127.0.0.1:${adminPort}/api/v1/conversations/${conversation}/messages?tenant=demo`, {
    method: 'POST', headers: { authorization: `Bearer ${adminToken}`, 'idempotency-key': text }, body: JSON.stringify({ text }) })).status, 200);
  const byCommand = (conversation, text) => parley.cli(['reply', conversation, text]);

  for (const [i, write] of [byApi, byCommand].entries())
    test(`a person who writes ${['by the API', 'by the command line'][i]} supersedes the answer that is thought of, and is sent at once`, async () => {
      const from = `3469000000${i}`;
      parley.setMood('agent', 'hang');
      const calls = parley.ledgerOf('agent').length;
      await parley.say(from, 'a table for two');
      await until('the agent thinks', () => parley.ledgerOf('agent').length > calls);
      await write(await conversationOf(from), 'We are full, I am sorry.');
      await sim.waitFor(from, 1);
      parley.setMood('agent', 'respond 0');
      process.kill(await parley.pidOf('agent'), 'SIGKILL'); // the next one is asked, and has an answer
      await until('the turn ends', () => isAnswered(from));
      assert.deepEqual(parley.ledgerOf('agent').slice(calls).map(([what]) => what), ['called', 'called', 'answered']);
      const turns = await parley.turnsOf(from);
      assert.deepEqual(turns.map((turn) => [turn.path, turn.outbox_count]), [['person', 0]]);
      assert.deepEqual(await textsTo(parley, sim, from), ['We are full, I am sorry.']);
      assert.deepEqual(await authorsOf(from), ['person sent']); // nothing of the bot was written at all
      await parley.cli(['handback', '--from', from]);
      await parley.say(from, 'and tomorrow?');
      await sim.waitFor(from, 2);
      assert.equal((await textsTo(parley, sim, from))[1], 're: and tomorrow?');
    });

  test('what a person writes goes out in the place of an answer that waits to be sent', async () => {
    const from = '34690000009';
    const pid = await parley.pidOf('delivery');
    process.kill(pid, 'SIGSTOP');
    await parley.say(from, 'a table for two');
    await until('the answer waits', async () => (await authorsOf(from)).length === 1);
    await byCommand(await conversationOf(from), 'We are full, I am sorry.');
    process.kill(pid, 'SIGCONT');
    await sim.waitFor(from, 1);
    await until('all is settled', async () => (await authorsOf(from)).every((row) => !/queued|sending/.test(row)));
    assert.deepEqual(await authorsOf(from), ['bot refused', 'person sent']);
    assert.deepEqual(await textsTo(parley, sim, from), ['We are full, I am sorry.']);
  });
});

describe('corrections while the answer waits to be sent', () => {
  let sim, parley;
  const signal = async (service, name) => process.kill(await parley.pidOf(service), name);
  const queued = (from, state) => parley.query(
    `select 1 from outbox o join conversations c using (tenant_id, conversation_id) where c.address = $1 and o.state = $2`, [from, state]);
  before(async () => {
    sim = await Sim.start();
    parley = await startWithStandIn(['agent'], { sim, adminPort, env: toAgent });
    parley.setMood('agent', 'respond 0');
  });
  after(async () => {
    await parley?.end();
    await sim?.stop();
  });

  test('it is taken back, and one answer knows both messages', async () => {
    const from = '34670000001';
    await signal('delivery', 'SIGSTOP');
    await parley.say(from, 'tomorrow at 10h please');
    await until('the answer waits', async () => (await queued(from, 'queued')).length === 1);
    await parley.say(from, 'no, 11h');
    await until('it is taken back', async () => (await queued(from, 'superseded')).length === 1 && (await queued(from, 'queued')).length === 1);
    await signal('delivery', 'SIGCONT');
    await sim.waitFor(from, 1);
    await sleep(300);
    assert.deepEqual(await textsTo(parley, sim, from), ['re: tomorrow at 10h please\nno, 11h']);
    const [first, second] = await parley.turnsOf(from);
    assert.ok(first.superseded_at && !second.superseded_at);
    assert.deepEqual(second.inbox_seqs.length, 2);
    assert.equal(second.superseded_count, 1);
    await until('it is counted', async () => (await metric(parley, 'turns_superseded_total')) === 1);
  });

  test('it is not sent while nobody is there to plan again', async () => {
    const from = '34670000002';
    await signal('delivery', 'SIGSTOP');
    await parley.say(from, 'a table for two');
    await until('the answer waits', async () => (await queued(from, 'queued')).length === 1);
    await signal('session', 'SIGSTOP');
    await parley.say(from, 'for three');
    await signal('delivery', 'SIGCONT');
    await sleep(1500);
    assert.deepEqual(await sim.sentTo(from), []);
    await signal('session', 'SIGCONT');
    await sim.waitFor(from, 1);
    assert.deepEqual(await textsTo(parley, sim, from), ['re: a table for two\nfor three']);
  });
});

describe('two bots', () => {
  let sim, parley;
  before(async () => {
    sim = await Sim.start();
    parley = await startWithStandIn(['agent'], { sim, adminPort, env: toAgent });
    parley.setMood('agent', 'respond 0');
    await parley.cli(['tenant', 'set', '--loop-turns-max', '6']);
  });
  after(async () => {
    await parley?.end();
    await sim?.stop();
  });

  test('have a limit of each business, which is shown and checked', async () => {
    assert.match((await parley.cli(['tenant'])).stdout, /^loop-turns-max +6$/m);
    for (const [value, code] of [['many', 64], ['-1', 64], ['1001', 64]]) {
      const { stderr } = await parley.cli(['tenant', 'set', '--loop-turns-max', value], { code });
      assert.match(stderr, new RegExp(`--loop-turns-max is a number from 0 to 1000, not '${value}'`));
    }
    const columns = async () => (await parley.query("select name, answer_ms, loop_turns_max from tenants where tenant_id = 'demo'"))[0];
    const { name } = await columns();
    assert.match((await parley.cli(['tenant', 'set', '--loop-turns-max', '0'])).stdout, /^loop-turns-max +0 \(never silent\)$/m);
    assert.deepEqual(await columns(), { name, answer_ms: 60000, loop_turns_max: 0 });
    await parley.cli(['tenant', 'set', '--answer-ms', '45000', '--loop-turns-max=6']);
    assert.deepEqual(await columns(), { name, answer_ms: 45000, loop_turns_max: 6 });
    await parley.cli(['tenant', 'set', '--tenant', 'nobody', '--loop-turns-max', '5'], { code: 1 });
    assert.equal((await parley.query("select 1 from tenants where tenant_id = 'nobody'")).length, 0);
    await parley.cli(['tenant', 'set'], { code: 64 });
    await parley.cli(['tenant', '--loop-turns-max', '5'], { code: 64 });
  });

  test('are stopped, a person is told, and a human message or the hand-back ends the silence', async () => {
    const from = '34680000001';
    const conversation = async () => (await parley.query('select * from conversations where address = $1', [from]))[0];
    const alerts = () => parley.query("select resolved_by, resolved_at from system_alerts where kind = 'loop' order by created_at");
    // Answers at once, and at a length that nobody can type so soon.
    const botUntilSilent = async () => {
      for (let i = 0; i < 20; i++) {
        const sent = (await sim.sentTo(from)).length, turns = (await parley.turnsOf(from)).length;
        await parley.say(from, `${i} Thank you for your message. ${'We will be happy to help you with that. '.repeat(8)}`);
        await until('there is a turn', async () => (await parley.turnsOf(from)).length > turns);
        if ((await conversation()).loop_since) return;
        await sim.waitFor(from, sent + 1);
      }
    };
    await botUntilSilent();
    const count = (await sim.sentTo(from)).length;
    assert.ok(count >= 5 && count <= 7, `${count} answers`);
    assert.equal((await parley.turnsOf(from)).at(-1).path, 'loop');
    assert.deepEqual((await alerts()).map((row) => row.resolved_at), [null]);
    await parley.say(from, `Are you still there? ${'Please answer us. '.repeat(15)}`);
    await until('it says nothing again', async () => (await parley.turnsOf(from)).filter((turn) => turn.path === 'loop').length === 2);
    assert.equal((await sim.sentTo(from)).length, count);

    await parley.query("update conversations set last_activity_at = now() - interval '2 minutes' where address = $1", [from]); // who thinks is human
    await parley.say(from, 'sorry, that was our assistant');
    await sim.waitFor(from, count + 1);
    assert.equal((await conversation()).loop_since, null);
    assert.notEqual((await alerts())[0].resolved_at, null);

    await botUntilSilent();
    const again = (await sim.sentTo(from)).length;
    assert.ok(again - count <= 5, `${again - count} answers`); // sooner than the first time
    await parley.cli(['handback', '--conversation', (await conversation()).conversation_id]);
    assert.equal((await conversation()).loop_count, 0);
    assert.equal((await alerts()).filter((row) => row.resolved_at === null).length, 0);
    await parley.say(from, 'and now a question');
    await sim.waitFor(from, again + 1);
    await until('it is counted', async () => (await metric(parley, 'turns_loop_total')) >= 3);
  });
});

describe('a burst under the window as delivered', () => {
  let sim, parley;
  before(async () => {
    sim = await Sim.start();
    parley = await startWithStandIn(['agent'], { sim, env: { ...toAgent, PARLEY_QUIET_WINDOW_MS: undefined } });
    parley.setMood('agent', 'respond 0');
  });
  after(async () => {
    await parley?.end();
    await sim?.stop();
  });

  test('is one turn', async () => {
    const from = '34660000001';
    for (const text of ['hello,', 'i would like to know', 'what a costs?']) {
      await parley.say(from, text);
      await sleep(60);
    }
    await sim.waitFor(from, 1);
    await sleep(600);
    assert.deepEqual(await textsTo(parley, sim, from), ['re: hello,\ni would like to know\nwhat a costs?']);
    assert.equal((await parley.turnsOf(from)).length, 1);
  });
});
