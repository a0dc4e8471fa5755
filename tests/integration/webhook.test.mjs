// Ingress: what Meta sends, good and bad.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { envelope, Parley, phoneId, secret, sign, Sim, textMessage, until, verifyToken, wamid } from '../harness/parley.mjs';

describe('webhook', () => {
  let sim, parley;
  before(async () => {
    sim = await Sim.start();
    parley = await Parley.start({ sim });
  });
  after(async () => {
    await parley?.stop();
    await sim?.stop();
  });

  const get = (query, path = '/webhook/whatsapp') => fetch(`${parley.url}${path}?${query}`);
  const handshake = (token) => `hub.mode=subscribe&hub.challenge=12345&hub.verify_token=${encodeURIComponent(token)}`;

  for (const path of ['/webhook', '/webhook/whatsapp'])
    test(`handshake at ${path} gives the challenge back`, async () => {
      const response = await get(handshake(verifyToken), path);
      assert.equal(response.status, 200);
      assert.equal(await response.text(), '12345');
      assert.match(response.headers.get('content-type'), /text\/plain/);
    });

  test('handshake with a wrong word is refused', async () => {
    assert.equal((await get(handshake('wrong'))).status, 403);
    assert.equal((await get('hub.mode=subscribe&hub.challenge=1')).status, 403);
  });

  test('health and readiness', async () => {
    assert.equal((await fetch(`${parley.url}/healthz`)).status, 200);
    assert.equal((await fetch(`${parley.url}/readyz`)).status, 200);
  });

  test('a signed message is answered in the customer\'s language', async () => {
    const response = await parley.webhook([textMessage('34600000001', 'hola buenas tardes')]);
    assert.equal(response.status, 200);
    const [reply] = await sim.waitFor('34600000001', 1);
    const [turn] = await until('the turn', () => parley.query("select * from turns where language = 'es'").then((rows) => rows.length && rows));
    assert.equal(turn.intent, 'greeting');
    assert.match(turn.path, /^flow:greeting$/);
    assert.ok(reply.provider_id);
  });

  test('both JSON spellings of a body verify by their own bytes', async () => {
    const from = '34600000002';
    const raw = JSON.stringify(envelope([textMessage(from, 'mañana 😀 gracias')]));
    const escaped = raw.replace(/[\u0080-\uffff]/g, (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'));
    assert.equal((await parley.post('/webhook', raw, { 'x-hub-signature-256': sign(escaped) })).status, 401);
    assert.equal((await parley.post('/webhook', escaped, { 'x-hub-signature-256': sign(escaped) })).status, 200);
    const rows = await until('the stored text', () =>
      parley.query("select content from inbox where content::text like '%mañana%'").then((found) => found.length && found));
    assert.equal(rows.length, 1);
  });

  const bad = JSON.stringify(envelope([textMessage('34600000003', 'x')]));
  const refused = [
    ['no signature', {}, 401],
    ['wrong secret', { 'x-hub-signature-256': sign(bad, 'f'.repeat(32)) }, 401],
    ['sha1 only', { 'x-hub-signature': 'sha1=' + 'a'.repeat(40) }, 401],
    ['63 digits', { 'x-hub-signature-256': sign(bad).slice(0, -1) }, 401],
    ['upper-case scheme', { 'x-hub-signature-256': sign(bad).replace('sha256', 'SHA256') }, 401],
    ['upper-case digits', { 'x-hub-signature-256': 'sha256=' + sign(bad).slice(7).toUpperCase() }, 401],
  ];
  for (const [name, headers, status] of refused)
    test(`${name} is ${status} and nothing is stored`, async () => {
      const response = await parley.post('/webhook/whatsapp', bad, headers);
      // upper-case digits may by chance be none
      if (headers['x-hub-signature-256'] === sign(bad)) return;
      assert.equal(response.status, status);
      const rows = await parley.query("select 1 from contact_addresses where address = '34600000003'");
      assert.equal(rows.length, 0);
    });

  test('bad JSON with a good signature is 400', async () => {
    for (const body of ['{', '[1,2', '{"a":1}}', '', 'null garbage'])
      assert.equal((await parley.post('/webhook', body, { 'x-hub-signature-256': sign(body) })).status, 400, body);
  });

  test('signed JSON that is no WhatsApp object is kept as a dead letter and acknowledged', async () => {
    const body = '{"object":"page","entry":[]}';
    assert.equal((await parley.post('/webhook', body, { 'x-hub-signature-256': sign(body) })).status, 200);
    const rows = await until('the dead letter', () =>
      parley.query('select * from dead_letters').then((found) => found.length && found));
    assert.equal(rows[0].kind, 'inbound');
  });

  test('a body over 1 MiB is 413', async () => {
    const body = JSON.stringify(envelope([textMessage('34600000004', 'x'.repeat(1100000))]));
    assert.equal((await parley.post('/webhook', body, { 'x-hub-signature-256': sign(body) })).status, 413);
  });

  test('unknown paths are 404, wrong methods 405', async () => {
    assert.equal((await fetch(`${parley.url}/nothing`)).status, 404);
    assert.equal((await fetch(`${parley.url}/webhook/whatsapp`, { method: 'DELETE' })).status, 405);
  });

  test('an unknown phone number id is acknowledged and not stored', async () => {
    const from = '34600000005';
    assert.equal((await parley.webhook([textMessage(from, 'hola')], { phone: '999999' })).status, 200);
    const rows = await parley.query('select 1 from contact_addresses where address = $1', [from]);
    assert.equal(rows.length, 0);
  });

  test('64 copies on 64 connections are one row, one turn, one reply', async () => {
    const message = textMessage('34600000006', 'hello');
    const answers = await Promise.all(Array.from({ length: 64 }, () => parley.webhook([message])));
    assert.ok(answers.every((answer) => answer.status === 200));
    await sim.waitFor('34600000006', 1);
    const rows = await parley.query('select duplicates_count, turn_id from inbox where external_id = $1', [message.id]);
    assert.equal(rows.length, 1);
    assert.equal(Number(rows[0].duplicates_count), 63);
    const turns = await parley.query('select 1 from turns where conversation_id = (select conversation_id from inbox where external_id = $1)', [message.id]);
    assert.equal(turns.length, 1);
    assert.equal((await sim.sentTo('34600000006')).length, 1);
  });

  test('ten first messages of a new contact in parallel are one conversation', async () => {
    const from = '34600000007';
    await Promise.all(Array.from({ length: 10 }, (_, i) =>
      parley.webhook([{ ...textMessage(from, ''), type: 'image', text: undefined, image: { id: `77${i}`, mime_type: 'image/jpeg', sha256: 'x' } }])));
    const rows = await parley.query(
      'select distinct conversation_id from conversations join contact_addresses a using (tenant_id, contact_id) where a.address = $1', [from]);
    assert.equal(rows.length, 1);
  });

  test('every message of a POST with several changes is stored', async () => {
    const body = envelope([textMessage('34600000008', 'one'), textMessage('34600000009', 'two')]);
    body.entry.push(...envelope([textMessage('34600000010', 'three')]).entry);
    body.entry[0].changes.push(envelope([textMessage('34600000011', 'four')]).entry[0].changes[0]);
    const text = JSON.stringify(body);
    assert.equal((await parley.post('/webhook', text, { 'x-hub-signature-256': sign(text) })).status, 200);
    const rows = await parley.query("select address from contact_addresses where address in ('34600000008','34600000009','34600000010','34600000011')");
    assert.equal(rows.length, 4);
  });

  test('an unknown message type is kept and answered politely; a reaction is not answered', async () => {
    const from = '34600000012';
    assert.equal((await parley.webhook([{ from, id: wamid(), timestamp: '1790000000', type: 'hologram', hologram: { id: 1 } }])).status, 200);
    await sim.waitFor(from, 1);
    const [row] = await parley.query("select type, content from inbox where type = 'unknown'");
    assert.match(JSON.stringify(row.content), /hologram/);
    const quiet = '34600000013';
    await parley.webhook([{ from: quiet, id: wamid(), timestamp: '1790000000', type: 'reaction', reaction: { message_id: 'wamid.X', emoji: '👍' } }]);
    await parley.say(quiet, 'hello');
    await sim.waitFor(quiet, 1);
    assert.equal((await sim.sentTo(quiet)).length, 1);
  });

  test('a user without a phone number is a contact like any other', async () => {
    const user = 'US.90000000000000000042';
    const body = envelope([]);
    body.entry[0].changes[0].value.contacts = [{ profile: { name: 'Bo', username: 'bo' }, user_id: user }];
    body.entry[0].changes[0].value.messages = [{ from_user_id: user, id: wamid(), timestamp: '1790000000', type: 'text', text: { body: 'hello' } }];
    const text = JSON.stringify(body);
    assert.equal((await parley.post('/webhook', text, { 'x-hub-signature-256': sign(text) })).status, 200);
    await until('a reply to the user id', async () => (await sim.ledger()).some((row) => JSON.stringify(row).includes(user)));
  });

  test('statuses only move forward, also when they come before the message is known', async () => {
    const from = '34600000014';
    await parley.say(from, 'hello');
    const [sent] = await sim.waitFor(from, 1);
    const status = (name, at, id = sent.provider_id) => parley.webhook(null, { statuses: [{ id, status: name, timestamp: String(at), recipient_id: from }] });
    const state = async () => (await parley.query('select state from outbox where provider_id = $1', [sent.provider_id]))[0]?.state;
    await until('the send is recorded', state);
    assert.equal((await status('read', 1790000300)).status, 200);
    assert.equal((await status('delivered', 1790000200)).status, 200);
    assert.equal((await status('sent', 1790000100)).status, 200);
    assert.equal(await state(), 'read');
    assert.equal((await status('delivered', 1790000200, 'wamid.never-heard-of')).status, 200);
  });

  test('too many bad signatures from an address are 429 with Retry-After', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, () => parley.post('/webhook', bad, { 'x-hub-signature-256': sign(bad, '0'.repeat(32)) })));
    const limited = answers.find((answer) => answer.status === 429);
    assert.ok(limited, 'no 429 among 200 bad requests');
    assert.ok(Number(limited.headers['retry-after']) >= 1);
  });

  test('the official-style client agrees with our signature', async () => {
    const { verifySignature } = await import('@kapso/whatsapp-cloud-api/server').catch(() => import('@kapso/whatsapp-cloud-api'));
    if (!verifySignature) return;
    const body = JSON.stringify(envelope([textMessage('34600000015', 'mañana')]));
    assert.ok(verifySignature({ appSecret: secret, rawBody: body, signatureHeader: sign(body) }));
    assert.equal(phoneId.length > 0, true);
  });
});
