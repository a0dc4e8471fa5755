// What the owner is told: by e-mail, webhook and in their own chat; again when it did not work, once when it did.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Parley, until } from '../harness/parley.mjs';
import { MailServer, bodyOf } from '../harness/smtp.mjs';
import { callTool, isTool } from '../harness/tools.mjs';

describe('the owner is told', () => {
  let parley, mail, hook;
  const posts = [];
  const hookAnswers = [];
  const settled = (subject) => until(`${subject} is settled`, async () => {
    const rows = await parley.query(
      `select s.integration_id, s.state, s.attempt, s.error_text from notification_sends s join notifications n using (tenant_id, notification_id)
        where n.body like $1 || '%' order by 1`, [subject]);
    return rows.length > 0 && rows.every((row) => row.state !== 'pending') && rows;
  });
  const tell = (subject, options = []) => callTool(parley, 'contact_owner', { subject }, options);
  before(async () => {
    mail = await new MailServer().start();
    hook = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        posts.push({ headers: request.headers, body });
        response.writeHead(hookAnswers.shift() ?? 204).end();
      });
    });
    await new Promise((resolve) => hook.listen(0, '127.0.0.1', resolve));
    parley = await Parley.start({ whatsapp: false, env: { PARLEY_ALLOW_PRIVATE_ADDRESSES: 'true', PARLEY_NOTIFY_RETRY_MS: '50' } });
    writeFileSync(path.join(parley.data, 'password'), 'm4il\n');
    const config = { host: '127.0.0.1', port: mail.port, security: 'plain', user: 'bot', from: 'bot@example.org', to: 'owner@example.org' };
    await parley.cli(['integration', 'set', 'mail', '--kind', 'email', '--config', JSON.stringify(config), '--secret-file', path.join(parley.data, 'password')]);
    await parley.cli(['integration', 'set', 'hook', '--kind', 'webhook', '--url', `http://127.0.0.1:${hook.address().port}/in`, '--secret-file', path.join(parley.data, 'password')]);
    await isTool(parley, 'contact_owner', 'ready');
  });
  after(async () => {
    hook.closeAllConnections();
    hook.close();
    await parley?.stop().finally(() => mail.stop());
  });

  test('by e-mail and webhook, signed, to nobody else, once a step', async () => {
    for (let i = 0; i < 2; i++) {
      const { result } = await tell('Größe: 400 m²', ['--step-key', 'turn-1/owner']);
      assert.deepEqual(result, { ways_count: 2, is_alerted: true });
    }
    const rows = await settled('Größe');
    assert.deepEqual(rows.map((row) => [row.integration_id, row.state, row.attempt]), [['hook', 'sent', 1], ['mail', 'sent', 1]]);
    const [message] = mail.messages;
    assert.equal(mail.messages.length, 1);
    assert.deepEqual([message.from, message.to, message.user], ['bot@example.org', ['owner@example.org'], 'bot']);
    assert.match(bodyOf(message), /^Größe: 400 m²/);
    assert.match(message.text, /^Message-ID: <demo\.\d+\.mail@parley>$/m);
    assert.equal(posts.length, 1);
    assert.equal(posts[0].headers['x-parley-signature'], `sha256=${createHmac('sha256', 'm4il').update(posts[0].body).digest('hex')}`);
    assert.match(posts[0].headers['idempotency-key'], /^demo\/\d+\/hook$/);
    const alerts = await parley.query("select seen_count from system_alerts where kind = 'owner' and body like 'Größe%'");
    assert.equal(alerts.length, 1);
  });

  test('again while it may help, with the same key; not when it cannot', async () => {
    mail.refusals.push('451 later', 'hang up');
    hookAnswers.push(500, 429);
    await tell('Two failures');
    const rows = await settled('Two failures');
    assert.deepEqual(rows.map((row) => [row.state, row.attempt]), [['sent', 3], ['sent', 3]]);
    assert.equal(new Set(posts.slice(-3).map((post) => post.headers['idempotency-key'])).size, 1);
    mail.refusals.push('550 no such user');
    hookAnswers.push(410);
    await tell('A refusal');
    const refused = await settled('A refusal');
    assert.deepEqual(refused.map((row) => [row.state, row.attempt]), [['failed', 1], ['failed', 1]]);
    assert.match(refused[0].error_text, /410/);
    assert.match(refused[1].error_text, /550/);
  });

  test('in their own conversation, once they have written', async () => {
    await parley.cli(['integration', 'remove', 'mail']);
    await parley.cli(['integration', 'remove', 'hook']);
    await parley.cli(['integration', 'set', 'chat', '--kind', 'channel', '--config', '{"address": "33600000001"}']);
    await tell('Nobody there');
    assert.deepEqual((await settled('Nobody there')).map((row) => row.state), ['failed']);
    await parley.query("select open_conversation('demo', 'whatsapp', 'none', '33600000001', '', '', '')");
    await tell('A large order', ['--step-key', 'turn-2/owner']);
    assert.deepEqual((await settled('A large order')).map((row) => row.state), ['sent']);
    const sent = await parley.query("select author, content->>'text' as text from outbox where tenant_id = 'demo' and turn_id is null");
    assert.deepEqual(sent.map((row) => [row.author, row.text.split('\n')[0]]), [['bot', 'A large order']]);
  });
});
