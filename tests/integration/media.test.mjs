// Files by their links: from a flow, by the command line, by the API; and their order: what follows a file
// leaves when its delivery is known, or its time is over.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { choice, freePort, Parley, Sim, sleep, until } from '../harness/parley.mjs';

const adminToken = 'a-token-of-the-test-0123456789abcdef';
const adminPort = await freePort();
const roof = 'https://cdn.example.com/roof.jpg';
const longMs = 60000; // longer than any test waits
const LOOK_MS = 700; // what is due leaves sooner

const flow = `flow: show_roof
revision: 1
start: picture
nodes:
  - {node: picture, kind: message, media: image, link: '${roof}', text: question.ask, next: words}
  - {node: words, kind: message, text: flow.cancelled}
`;

const conversationOf = async (parley, from) => (await parley.query('select conversation_id from conversations where address = $1', [from]))[0].conversation_id;
const tell = async (parley, sent, status, more = {}) => assert.equal((await parley.webhook(null, { statuses: [{
  id: sent.provider_id, status, timestamp: String(Math.floor(Date.now() / 1000)), recipient_id: sent.to.slice(1), biz_opaque_callback_data: sent.outbox_id, ...more,
}] })).status, 200);
const meet = async (parley, sim, from) => {
  await parley.say(from, 'bonjour');
  await sim.waitFor(from, 1);
  return conversationOf(parley, from);
};
const typesTo = async (sim, from) => (await sim.sentTo(from)).slice(1).map((row) => row.type); // behind the greeting

describe('files', () => {
  let sim, parley, flows;
  before(async () => {
    flows = mkdtempSync(path.join(tmpdir(), 'parley-flows-'));
    writeFileSync(path.join(flows, 'show_roof.yaml'), flow);
    sim = await Sim.start();
    parley = await Parley.start({ sim, adminPort, env: { X_ADMIN_TOKEN: adminToken, PARLEY_FLOWS_DIR: flows, PARLEY_MEDIA_WAIT_MS: String(longMs) } });
  });
  after(async () => {
    await parley?.stop();
    await sim?.stop();
    rmSync(flows, { recursive: true, force: true });
  });

  test('of a flow: the text behind it leaves when it is delivered, whoever is killed meanwhile', async () => {
    const from = '33760000001';
    await meet(parley, sim, from);
    await parley.webhook([choice(from, 'menu:show_roof')]);
    const [, image] = await sim.waitFor(from, 2);
    assert.equal(image.request.image.link, roof);
    assert.match(image.request.image.caption, /Que souhaitez-vous savoir/);
    await tell(parley, image, 'sent');
    await until('its result is recorded', async () => (await parley.outboxOf(from))[1].state === 'sent');
    await sleep(LOOK_MS);
    const pid = await parley.pidOf('delivery');
    process.kill(pid, 'SIGKILL');
    await until('another delivery', async () => ![undefined, pid].includes(await parley.pidOf('delivery')));
    await sleep(LOOK_MS);
    assert.deepEqual(await typesTo(sim, from), ['image']);
    await tell(parley, image, 'delivered');
    await sim.waitFor(from, 3);
    assert.deepEqual(await typesTo(sim, from), ['image', 'text']);
  });

  test('that fail, or that are seen, release what follows', async () => {
    for (const [i, status] of ['failed', 'read'].entries()) {
      const from = `3376000001${i}`;
      const conversation = await meet(parley, sim, from);
      await parley.cli(['reply', conversation, '--video', 'https://cdn.example.com/a.mp4']);
      await parley.cli(['reply', conversation, 'as you see']);
      const [, video] = await sim.waitFor(from, 2);
      await sleep(LOOK_MS);
      assert.deepEqual(await typesTo(sim, from), ['video']);
      await tell(parley, video, status, status === 'failed' && { errors: [{ code: 131053, title: 'Media upload error' }] });
      await sim.waitFor(from, 3);
      const states = (await parley.outboxOf(from)).slice(1).map((row) => row.state);
      assert.equal(states[0], status);
    }
  });

  test('a text behind a text waits for nothing', async () => {
    const from = '33760000003';
    const conversation = await meet(parley, sim, from);
    for (const text of ['one', 'two', 'three']) await parley.cli(['reply', conversation, text]);
    const sent = await sim.waitFor(from, 4);
    assert.deepEqual(sent.slice(1).map((row) => row.body), ['one', 'two', 'three']);
  });

  test('a person sends one by the API, once a key, with its name and caption', async () => {
    const from = '33760000004';
    const conversation = await meet(parley, sim, from);
    const send = async (body, key = 'k-1') => (await fetch(`http://127.0.0.1:${adminPort}/api/v1/conversations/${conversation}/messages?tenant=demo`, {
      method: 'POST', headers: { authorization: `Bearer ${adminToken}`, 'idempotency-key': key }, body: JSON.stringify(body) })).status;
    const quote = { type: 'document', media_url: 'https://cdn.example.com/q7.pdf', file_name: 'quote.pdf', text: 'Your quote' };
    assert.deepEqual(await Promise.all([1, 2, 3].map(() => send(quote))), [200, 200, 200]);
    assert.equal(await send({ ...quote, media_url: 'https://cdn.example.com/q8.pdf' }), 409);
    assert.equal(await send({ type: 'sticker', media_url: roof }, 'k-2'), 422);
    assert.equal(await send({ type: 'image' }, 'k-2'), 422);
    assert.equal(await send({}, 'k-2'), 422);
    const [, document] = await sim.waitFor(from, 2);
    assert.deepEqual(document.request.document, { link: quote.media_url, caption: 'Your quote', filename: 'quote.pdf' });
    assert.equal((await sim.sentTo(from)).length, 2);
  });

  test('what a channel cannot send is refused with a reason and with what would work, and holds nothing up', async () => {
    const from = '33760000005';
    const conversation = await meet(parley, sim, from);
    await parley.cli(['reply', conversation, 'the roof', '--image', 'http://cdn.example.com/a.png']);
    await parley.cli(['reply', conversation, 'listen', '--audio', 'https://cdn.example.com/a.ogg']);
    await parley.cli(['reply', conversation, 'x'.repeat(1025), '--image', roof]);
    await parley.cli(['reply', conversation, 'and so on']);
    await sim.waitFor(from, 2);
    assert.deepEqual(await typesTo(sim, from), ['text']);
    const codes = (await parley.outboxOf(from)).slice(1).map((row) => row.error_code);
    assert.deepEqual(codes, ['MEDIA_LINK', 'CAPTION_TOO_LONG', 'CAPTION_TOO_LONG', '']);
    const { messages } = JSON.parse((await parley.cli(['outbox', '--json'])).stdout);
    const shown = messages.find((row) => row.error_code === 'MEDIA_LINK');
    assert.equal(shown.text, '[image] the roof');
    assert.match(shown.advice, /https/);
    await parley.cli(['reply', conversation, '--image', roof, '--video', roof], { code: 64 });
    await parley.cli(['reply', conversation, 'x', '--image', roof, '--file-name', 'a.png'], { code: 64 });
  });
});

describe('a file of which nobody hears again', () => {
  let sim, parley;
  before(async () => {
    sim = await Sim.start();
    parley = await Parley.start({ sim, env: { PARLEY_MEDIA_WAIT_MS: '1500' } });
  });
  after(async () => {
    await parley?.stop({ keep: process.env.KEEP });
    await sim?.stop();
  });

  test('is followed when its time is over', async () => {
    const from = '33760000006';
    const conversation = await meet(parley, sim, from);
    await parley.cli(['reply', conversation, '--image', roof]);
    await parley.cli(['reply', conversation, 'as you see']);
    const sent = await sim.waitFor(from, 3);
    assert.deepEqual(await typesTo(sim, from), ['image', 'text']);
    assert.ok(sent[2].at_us - sent[1].at_us >= 1500e3, `${sent[2].at_us - sent[1].at_us} us`);
  });
});
