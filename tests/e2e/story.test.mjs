// What people do with it, through the command line.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Parley } from '../harness/parley.mjs';

describe('a business', () => {
  let parley;
  before(async () => {
    parley = await Parley.start({ whatsapp: false });
  });
  after(() => parley?.stop());

  const chat = async (from, ...lines) =>
    (await parley.cli(['chat', '--from', from], { input: lines.join('\n') + '\n' })).stdout.split(/\n\n(?=\S|$)/).map((block) => block.trim());

  const greetings = {
    fr: 'bonjour', en: 'hello there', es: 'hola buenas tardes', pt: 'olá bom dia', de: 'guten Tag', it: 'buongiorno',
    ro: 'bună ziua', pl: 'dzień dobry', ar: 'السلام عليكم',
  };
  for (const [language, text] of Object.entries(greetings))
    test(`greets in ${language}`, async () => {
      const from = `+49151${Object.keys(greetings).indexOf(language)}000`;
      const [reply] = await chat(from, text);
      assert.match(reply, /1\) /);
      const [row] = await parley.query(
        `select c.language from conversations c join contact_addresses a using (tenant_id, contact_id) where a.address = $1`, [from]);
      assert.equal(row.language, language);
    });

  test('understands one message a line', async () => {
    const { stdout } = await parley.cli(['understand'], { input: 'I want to talk to a human\nbonjour, il y a une fuite d\'eau\n' });
    const [first, second] = stdout.trim().split('\n').map((line) => JSON.parse(line));
    assert.deepEqual(Object.keys(first), ['text', 'language', 'language_confidence', 'translation', 'intent', 'confidence', 'sentiment', 'risk', 'path']);
    assert.equal(first.language, 'en');
    assert.equal(first.intent, 'escalate_to_human');
    assert.equal(second.language, 'fr');
    assert.equal(second.intent, 'report_incident');
    assert.equal((await parley.query('select count(*)::int as n from inbox where content::text like $1', ['%fuite%']))[0].n, 0);
  });

  test('takes a report in one terminal conversation', async () => {
    const blocks = await chat('+33612345678', 'I want to report a problem', 'the scaffolding on the north side is loose', 'north facade', 'critical', 'yes');
    const rows = await parley.query("select number, severity from incidents where description like '%scaffolding%'");
    assert.equal(rows.length, 1, blocks.join('\n--\n'));
    assert.equal(rows[0].severity, 'critical');
    assert.match(blocks.filter(Boolean).at(-1), new RegExp(`${rows[0].number}`));
  });

  test('ends with 0 at the end of input, also when there is none', async () => {
    assert.equal((await parley.cli(['chat'], { input: '' })).stdout.trim(), '');
  });

  test('status shows every actor ready', async () => {
    const { stdout } = await parley.cli(['status']);
    for (const service of ['persistence', 'translation', 'intent', 'flow', 'agent', 'session', 'delivery', 'ingress'])
      assert.match(stdout, new RegExp(`^${service} .* ready`, 'm'));
  });
});
