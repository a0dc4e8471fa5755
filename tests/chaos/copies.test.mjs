// The same webhook many times at once, and many first messages at once (promises.md ). Full size:
// ./parley test R-21, ./parley test R-23.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, describe, test } from 'node:test';

import { envelope, Parley, secret, sign, Sim, textMessage, until, wamid } from '../harness/parley.mjs';

const isFull = process.env.PARLEY_FULL_SIZE === '1';
const WEBHOOKS = isFull ? 10000 : 200;
const COPIES = 64;
const CONTACTS = isFull ? 1000 : 100;
const MEDIA = 10;
const limitMs = isFull ? 600000 : 60000;

const agent = new http.Agent({ keepAlive: true, maxSockets: COPIES });

// One copy, again until it is acknowledged. Returns how often it took.
function postOnce(parley, body, headers) {
  return new Promise((resolve) => {
    const request = http.request(`${parley.url}/webhook/whatsapp`, { method: 'POST', agent, headers }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode)).on('error', () => resolve(0));
    });
    request.on('error', () => resolve(0));
    request.end(body);
  });
}

async function post(parley, body) {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'x-hub-signature-256': sign(body, secret) };
  let status = 0;
  for (let tries = 0; tries < 1000 && status !== 200; tries++) status = await postOnce(parley, body, headers);
  assert.equal(status, 200);
}

const addressOf = (prefix, i) => `${prefix}${String(i).padStart(6, '0')}`;

describe('many at once', () => {
  let sim, parley;
  before(async () => {
    sim = await Sim.start();
    parley = await Parley.start({ sim, env: { PARLEY_ADDRESS_RATE_PER_S: '1000000', PARLEY_QUIET_WINDOW_MS: undefined } });
  });
  after(async () => {
    agent.destroy();
    await parley?.stop();
    await sim?.stop();
  });

  const count = async (sql, ...values) => Number((await parley.query(sql, values))[0].n);

  test(`${COPIES} copies of each of ${WEBHOOKS} webhooks on ${COPIES} connections are one row, one turn, one reply each`, async () => {
    for (let at = 0; at < WEBHOOKS; at += 8) {
      const bodies = Array.from({ length: Math.min(8, WEBHOOKS - at) }, (_, k) => JSON.stringify(envelope([textMessage(addressOf('44811', at + k), 'hello')])));
      // The copies of one webhook leave together.
      await Promise.all(bodies.flatMap((body) => Array.from({ length: COPIES }, () => post(parley, body))));
    }
    const mine = "from inbox i join conversations c using (tenant_id, conversation_id) where c.address like '44811%'";
    assert.equal(await count(`select count(*) as n ${mine}`), WEBHOOKS);
    await until('all are answered', async () => (await count(`select count(*) as n ${mine} and i.turn_id is null`)) === 0, limitMs);
    const turns = "from turns t join conversations c using (tenant_id, conversation_id) where c.address like '44811%'";
    assert.equal(await count(`select count(*) as n ${turns}`), WEBHOOKS);
    assert.equal(await count(`select count(*) as n ${turns} and t.outbox_count = 1`), WEBHOOKS);
    await until('all are sent', async () => (await count("select count(*) as n from outbox where state in ('queued', 'sending')")) === 0, limitMs);
    const sent = new Map();
    for (const row of await sim.ledger()) sent.set(row.to, (sent.get(row.to) ?? 0) + 1);
    const replies = [...sent].filter(([to]) => to.replace('+', '').startsWith('44811'));
    assert.equal(replies.length, WEBHOOKS);
    assert.deepEqual(replies.filter(([, n]) => n !== 1), []);
  });

  test(`${MEDIA} pictures at once from each of ${CONTACTS} new contacts are ${CONTACTS} conversations`, async () => {
    const picture = (from) => ({ from, id: wamid(), timestamp: String(Math.floor(Date.now() / 1000)), type: 'image', image: { id: '1234567890', mime_type: 'image/jpeg', sha256: 'c2hhMjU2' } });
    const contacts = Array.from({ length: CONTACTS }, (_, i) => addressOf('44812', i));
    for (let at = 0; at < CONTACTS; at += 6)
      await Promise.all(contacts.slice(at, at + 6).flatMap((from) => Array.from({ length: MEDIA }, () => post(parley, JSON.stringify(envelope([picture(from)]))))));
    assert.equal(await count("select count(*) as n from conversations where address like '44812%'"), CONTACTS);
    assert.equal(await count("select count(distinct contact_id) as n from conversations where address like '44812%'"), CONTACTS);
    assert.equal(await count("select count(*) as n from inbox i join conversations c using (tenant_id, conversation_id) where c.address like '44812%'"), CONTACTS * MEDIA);
  });
});
