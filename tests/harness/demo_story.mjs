// What tests/integration/demo.test.mjs runs in a network namespace of its own: a real Parley and the Graph API
// simulator on lo, and no way out.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { choice, Parley, Sim, textMessage } from './parley.mjs';

// What customers write, and what of the answers is ours to say (shared/texts, the demo's FAQ).
const stories = {
  fr: {
    from: '33730000001',
    question: ['il y a un parking ?', /six places gratuites/],
    price: ['combien coûte 60 m2 de carrelage ?', 'Carrelage', /Un collègue peut-il vous contacter/],
    yes: 'oui',
    name: ['Claire Durand', /Quel est votre nom/, /Comment vous joindre.*\+33730000001/s],
    receipt: (number) => new RegExp(`enregistrée sous le numéro ${number}\\b`),
    incident: ['je veux signaler un problème', "l'eau coule dans la cave", 'mur nord', 'grave'],
    incidentReceipt: (number) => new RegExp(`enregistré sous le numéro ${number}\\b`),
    person: ['je veux parler à quelqu’un', /un collègue, qui vous écrira/],
  },
  ar: {
    from: '971730000002',
    question: ['هل يوجد موقف سيارات؟', /ستة|٦|6/],
    price: ['كم سعر 60 متر بلاط؟', 'بلاط', /هل تريدون أن يتواصل معكم/],
    yes: 'نعم',
    name: ['هدى منصور', /ما اسمكم/, /كيف نتواصل معكم.*\u2066\+971730000002\u2069/s],
    receipt: (number) => new RegExp(`مسجل برقم ${number}\\b`),
    incident: ['اريد الابلاغ عن مشكلة', 'تسرب ماء في القبو', 'الجدار الشمالي', 'عالية'],
    incidentReceipt: (number) => new RegExp(`\\b${number}\\b`),
    person: ['اريد التحدث مع شخص', /أحد الزملاء/],
  },
};

const bodyOf = (row) => (typeof row.body === 'string' ? row.body : row.body?.text ?? JSON.stringify(row));

async function tell(parley, sim, language, story) {
  let seen = 0;
  // Sends a message and gives the texts that answer it.
  const say = async (message, count = 1) => {
    assert.equal((await parley.webhook([typeof message === 'string' ? textMessage(story.from, message) : message])).status, 200);
    const sent = await sim.waitFor(story.from, seen + count);
    const answers = sent.slice(seen).map(bodyOf);
    seen = sent.length;
    return answers;
  };
  const rowsOf = (sql) => parley.query(`select t.* from ${sql} t join conversations c using (tenant_id, conversation_id) where c.address = $1`, [story.from]);

  assert.match((await say(story.question[0]))[0], story.question[1]);

  // The amount is the price table's.
  const [quote, offer] = await say(story.price[0], 2);
  const [priced] = await parley.query("select total, lines->0->>'unit_price' as unit_price, name from quote_price('demo', 'demo-tiling', 60, $1)", [language]);
  assert.equal(priced.name, story.price[1]);
  for (const part of [priced.name, '60 m²', priced.unit_price, priced.total, 'EUR']) assert.ok(quote.includes(part), `${quote} lacks ${part}`);
  assert.match(offer, story.price[2]);
  const [priceTurn] = (await rowsOf('turns')).sort((a, b) => Number(b.fence) - Number(a.fence));
  assert.equal(priceTurn.path, 'flow:ask_price');
  assert.equal(priceTurn.language, language);

  assert.match((await say(story.yes))[0], story.name[1]);
  assert.match((await say(story.name[0]))[0], story.name[2]);
  const [check] = await say(choice(story.from, 'leave_contact.contact:own', { title: 'x', kind: 'button_reply' }));
  assert.ok(check.includes(story.name[0]) && check.includes(priced.total), check);
  assert.equal((await rowsOf('leads')).length, 0); // not before the yes
  const [receipt] = await say(story.yes);
  const [lead, ...more] = await rowsOf('leads');
  assert.equal(more.length, 0);
  assert.match(receipt, story.receipt(lead.number));
  assert.deepEqual([lead.name, lead.phone, lead.email, lead.stage], [story.name[0], `+${story.from}`, '', 'new']);
  assert.ok(lead.interest.includes(priced.name) && lead.interest.includes(priced.total), lead.interest);

  for (const message of story.incident) await say(message);
  const [incidentReceipt] = await say(story.yes);
  const [incident] = await rowsOf('incidents');
  assert.deepEqual([incident.description, incident.location, incident.severity], [story.incident[1], story.incident[2], 'high']);
  assert.match(incidentReceipt, story.incidentReceipt(incident.number));

  assert.match((await say(story.person[0]))[0], story.person[1]);
  const [handover] = (await rowsOf('turns')).sort((a, b) => Number(b.fence) - Number(a.fence));
  assert.equal(handover.decision, 'HUMAN_HANDOFF');
  assert.match((await parley.cli(['handoffs'])).stdout, new RegExp(story.from));
  console.log(`${language}: all told`);
}

execFileSync('ip', ['link', 'set', 'lo', 'up']);
assert.equal(execFileSync('ip', ['route', 'show', 'table', 'main'], { encoding: 'utf8' }).trim(), '', 'there is a way out');
assert.deepEqual(Object.keys(process.env).filter((name) => /KEY|TOKEN|SECRET/i.test(name)), []);
await assert.rejects(fetch('http://192.0.2.1/'), (error) => error.cause?.code === 'ENETUNREACH');

// Without a price table a question about prices is the agent's, which has the FAQ.
async function askWithoutPrices(parley, sim) {
  const from = '33730000003';
  await parley.query("update products set is_enabled = false where tenant_id = 'demo'");
  await parley.say(from, 'quels sont vos prix ?');
  const [answer] = await sim.waitFor(from, 1);
  assert.match(bodyOf(answer), /25 € le mètre carré/);
  const [turn] = await parley.query('select t.path from turns t join conversations c using (tenant_id, conversation_id) where c.address = $1', [from]);
  assert.equal(turn.path, 'agent');
}

const sim = await Sim.start();
let parley;
try {
  parley = await Parley.start({ sim });
  for (const [language, story] of Object.entries(stories)) await tell(parley, sim, language, story);
  await askWithoutPrices(parley, sim);
} finally {
  await parley?.stop();
  await sim.stop();
}
