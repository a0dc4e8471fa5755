// Recorded turns run again from their journals, byte for byte, here and on another data folder.
// REPLAY_TURNS=1000 node --test tests/integration/replay.test.mjs records and replays that many.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { choice, Parley, Sim, textMessage, until } from '../harness/parley.mjs';

const wanted = Number(process.env.REPLAY_TURNS ?? 200);

// What a customer says, a message a turn: flows with reads and effects, the FAQ, rules, languages, a person.
const stories = [
  (from) => [textMessage(from, 'bonjour'), choice(from, 'menu:report_incident'), textMessage(from, "il y a une fuite d'eau dans la cuisine"),
    textMessage(from, 'au deuxième étage'), textMessage(from, 'grave'), textMessage(from, 'oui')],
  (from) => [choice(from, 'menu:list_projects'), choice(from, 'menu:view_documents'), textMessage(from, 'merci beaucoup')],
  (from) => [textMessage(from, '¿cuál es el horario de apertura?'), textMessage(from, 'esto no es lo que pregunto'), textMessage(from, 'gracias')],
  (from) => [textMessage(from, 'hello there'), choice(from, 'menu:book_appointment'), textMessage(from, 'a visit'), textMessage(from, 'tuesday at 10'),
    textMessage(from, 'yes')],
  (from) => [textMessage(from, 'what are your opening hours?'), textMessage(from, 'zxcv qwerty'), textMessage(from, 'no thanks')],
  (from) => [textMessage(from, 'Guten Tag'), textMessage(from, 'Wann haben Sie geöffnet?'), textMessage(from, 'Ich möchte mit einem Menschen sprechen')],
  (from) => [textMessage(from, 'buongiorno'), textMessage(from, 'dzień dobry'), textMessage(from, 'bom dia')],
];

describe('replay', () => {
  let sim, parley;
  before(async () => {
    sim = await Sim.start();
    parley = await Parley.start({ sim, env: { PARLEY_TYPING_AFTER_MS: '-1' } });
  });
  after(async () => {
    await parley?.stop();
    await sim?.stop();
  });

  async function tell(from, story) {
    let count = (await parley.turnsOf(from)).length;
    for (const message of story(from)) {
      assert.equal((await parley.webhook([message])).status, 200);
      count += 1;
      await until(`turn ${count} of ${from}`, async () => (await parley.turnsOf(from)).length >= count);
      // An answer that is not sent yet would be taken back for the next message.
      await until(`its answer is sent`, async () => (await parley.query(
        `select 1 from outbox o join conversations c using (tenant_id, conversation_id)
          where c.address = $1 and o.state not in ('sent', 'failed', 'refused', 'superseded')`, [from])).length === 0);
    }
    return count;
  }

  test('of one turn tells that it is the same, and what differs when it is not', async () => {
    const from = '33650000001';
    await tell(from, stories[1]);
    const [first] = await parley.turnsOf(from);
    const { stdout } = await parley.cli(['replay', first.turn_id, '--diff']);
    assert.match(stdout, /the same, byte for byte/);
    assert.match(stdout, /flow:list_projects/);
    const sent = (await sim.waitFor(from, 3)).length;
    const { stdout: json } = await parley.cli(['replay', first.turn_id, '--json']);
    assert.deepEqual(JSON.parse(json).replay.differences, []);
    assert.equal((await sim.sentTo(from)).length, sent, 'a replay sent something');
    await parley.query('update projects set name = name || \' (new)\'');
    await parley.cli(['replay', first.turn_id]); // what was read is in the journal
    await parley.query("update turns set decision = 'WAIT' where turn_id = $1", [first.turn_id]);
    await parley.query("update outbox set content = jsonb_set(content::jsonb, '{text}', '\"hm\"')::json where turn_id = $1", [first.turn_id]);
    const { stdout: diff } = await parley.cli(['replay', first.turn_id, '--diff'], { code: 1 });
    assert.match(diff, /2 differences/);
    assert.match(diff, /decision\n {2}- WAIT\n {2}\+ RESPOND/);
    assert.match(diff, /outbox 1\n {2}- hm\n/);
    await parley.query('delete from turn_steps where turn_id = $1', [first.turn_id]);
    await parley.cli(['replay', first.turn_id], { code: 69 });
    await parley.query('delete from turns where turn_id = $1', [first.turn_id]);
  });

  test('a step that is not in the journal is shown, and nobody is asked instead', async () => {
    const from = '33650000002';
    await tell(from, stories[1]);
    const file = path.join(parley.data, 'one.jsonl');
    await parley.cli(['replay', '--all', '--max', '3', '--export', file]);
    const lines = readFileSync(file, 'utf8').trim().split('\n').map((line) => JSON.parse(line));
    const [first] = await parley.turnsOf(from);
    const line = lines.find((row) => row.turn_id === first.turn_id);
    // The name of the step changes, its length does not.
    const bytes = Buffer.from(line.record, 'base64');
    const at = bytes.indexOf('flow/0/0/list_projects');
    assert.ok(at > 0);
    bytes.write('flow/0/9/', at);
    writeFileSync(file, JSON.stringify({ ...line, record: bytes.toString('base64') }) + '\n');
    const { stdout } = await parley.cli(['replay', '--from', file, '--diff'], { code: 1 });
    assert.match(stdout, /step flow\/0\/9\/list_projects/);
    assert.match(stdout, /LOGIC_4009/);
  });

  test(`of ${wanted} turns of all kinds is the same byte for byte, also on another data folder`, async () => {
    let recorded = 0, customer = 0;
    while (recorded < wanted)
      recorded += (await Promise.all(Array.from({ length: 14 }, () => {
        customer += 1;
        return tell(`3366${String(customer).padStart(7, '0')}`, stories[customer % stories.length]);
      }))).reduce((a, b) => a + b, 0);
    const kinds = await parley.query('select path, count(*) as n from turns group by 1');
    assert.ok(kinds.length >= 7, JSON.stringify(kinds));
    const effects = await parley.query("select 1 from turn_steps where kind = 'effect'");
    assert.ok(effects.length > 2, `${effects.length} effects`);
    const counts = () => parley.query('select (select count(*) from incidents) i, (select count(*) from appointments) a, (select count(*) from outbox) o, (select count(*) from turns) t');
    const before = await counts();
    const here = await parley.cli(['replay', '--all', '--max', '100000', '--diff'], { timeout: 300000 });
    assert.match(here.stdout, / 0 different, 0 failed/, here.stdout.slice(0, 4000));
    assert.deepEqual(await counts(), before, 'a replay wrote something');
    const file = path.join(parley.data, 'turns.jsonl');
    await parley.cli(['replay', '--all', '--max', '100000', '--export', file], { timeout: 300000 });
    const other = await Parley.start({ whatsapp: false });
    try {
      const { stdout } = await other.cli(['replay', '--from', file, '--diff'], { timeout: 300000 });
      console.log(stdout.trim().split('\n').at(-1));
      const [, count] = /(\d+) turns replayed: \d+ the same byte for byte, 0 different, 0 failed/.exec(stdout) ?? assert.fail(stdout.slice(0, 4000));
      assert.ok(Number(count) >= wanted, stdout);
      assert.equal((await other.query('select 1 from turns')).length, 0);
    } finally {
      await other.stop();
    }
  });
});
