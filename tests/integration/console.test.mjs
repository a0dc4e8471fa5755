// The management API: who comes in, what is refused, commands and their audit rows, the live feed.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePort, Parley } from '../harness/parley.mjs';

const adminPort = await freePort();
const base = `http://127.0.0.1:${adminPort}`;

// A request as { status, headers, body, json }.
async function ask(target, { method = 'GET', headers = {}, body } = {}) {
  const response = await fetch(base + target, { method, headers, body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body) });
  const text = await response.text();
  let json;
  try { json = JSON.parse(text); } catch { /* not JSON */ }
  return { status: response.status, headers: response.headers, body: text, json };
}

// A WebSocket by hand: Node 18 has none. Resolves with { status } when refused, else { next, send, close }.
function openFeed(headers, { key = randomBytes(16).toString('base64'), version = '13' } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(`${base}/api/v1/live`, {
      headers: { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': version, 'sec-websocket-key': key, ...headers },
    });
    request.on('error', reject);
    request.on('response', (response) => { response.resume(); resolve({ status: response.statusCode }); });
    request.on('upgrade', (response, socket, head) => {
      const expected = createHash('sha1').update(key + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
      assert.equal(response.headers['sec-websocket-accept'], expected);
      let bytes = head;
      const waiting = [], frames = [];
      let ended = false;
      const read = () => {
        for (;;) {
          if (bytes.length < 2) return;
          let length = bytes[1] & 127, at = 2;
          if (length === 126) { if (bytes.length < 4) return; length = bytes.readUInt16BE(2); at = 4; }
          else if (length === 127) { if (bytes.length < 10) return; length = Number(bytes.readBigUInt64BE(2)); at = 10; }
          if (bytes.length < at + length) return;
          frames.push({ opcode: bytes[0] & 15, data: bytes.subarray(at, at + length) });
          bytes = bytes.subarray(at + length);
          waiting.shift()?.();
        }
      };
      socket.on('data', (chunk) => { bytes = Buffer.concat([bytes, chunk]); read(); });
      socket.on('error', () => {});
      socket.on('close', () => { ended = true; waiting.splice(0).forEach((wake) => wake()); });
      read();
      resolve({
        status: 101,
        socket,
        async next() {
          const until = Date.now() + 20000;
          while (frames.length === 0 && !ended) {
            assert.ok(Date.now() < until, 'no frame came');
            await new Promise((wake) => { waiting.push(wake); });
          }
          return frames.shift();
        },
        async find(accept) {
          for (;;) {
            const frame = await this.next();
            assert.ok(frame, 'the feed ended');
            if (frame.opcode !== 1) continue;
            const message = JSON.parse(frame.data);
            if (accept(message)) return message;
          }
        },
        send(opcode, data) {
          const payload = Buffer.from(data);
          socket.write(Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0]), payload]));
        },
        close() { socket.destroy(); },
      });
    });
    request.end();
  });
}

describe('the management API', () => {
  let parley, token;
  before(async () => {
    const { X_ADMIN_TOKEN: _, ...env } = process.env;
    parley = await Parley.start({ whatsapp: false, adminPort, env: { ...env, X_ADMIN_TOKEN: '' } });
    token = readFileSync(path.join(parley.data, 'keys/admin.token'), 'utf8').trim();
  });
  after(() => parley?.stop());

  const bearer = () => ({ authorization: `Bearer ${token}` });
  const login = async () => {
    const answer = await ask('/api/session', { method: 'POST', body: { token } });
    assert.equal(answer.status, 200);
    return { cookie: answer.headers.get('set-cookie').split(';')[0], csrf: answer.json.csrf_token, setCookie: answer.headers.get('set-cookie') };
  };

  test('the token is made on the first run, for this user alone', () => {
    assert.match(token, /^[0-9a-f]{64}$/);
    assert.equal(statSync(path.join(parley.data, 'keys/admin.token')).mode & 0o777, 0o600);
  });

  test('every answer has the security headers, errors are problems', async () => {
    for (const target of ['/api/v1/status', '/api/v1/nothing', '/nothing']) {
      const answer = await ask(target);
      assert.ok([401, 404].includes(answer.status), target);
      assert.equal(answer.headers.get('content-type'), 'application/problem+json');
      assert.equal(answer.json.status, answer.status);
      assert.match(answer.headers.get('content-security-policy'), /default-src 'none'; script-src 'self';/);
      assert.equal(answer.headers.get('x-content-type-options'), 'nosniff');
      assert.equal(answer.headers.get('cache-control'), 'no-store');
    }
    assert.equal((await ask('/api/v1/status', { method: 'PUT', headers: bearer() })).status, 405);
  });

  test('the document is served and every operation without parameters answers', async () => {
    const { json } = await ask('/api/openapi.json');
    assert.equal(json.openapi, '3.1.0');
    for (const [target, verbs] of Object.entries(json.paths)) {
      if (!verbs.get || target.includes('{') || target.endsWith('/live') || verbs.get.parameters?.some((p) => p.required)) continue;
      const answer = await ask(target.endsWith('/logs') ? `${target}?service=session` : target, { headers: bearer() });
      assert.equal(answer.status, 200, `${target}: ${answer.body}`);
    }
  });

  test('bearer, header and cookie come in; wrong ones do not', async () => {
    assert.equal((await ask('/api/v1/status', { headers: bearer() })).status, 200);
    assert.equal((await ask('/api/v1/status', { headers: { 'x-admin-token': token } })).status, 200);
    assert.equal((await ask('/api/v1/status', { headers: { authorization: `Bearer ${token.slice(1)}` } })).status, 401);
    assert.equal((await ask('/api/session', { method: 'POST', body: { token: 'wrong' } })).status, 401);
    const { cookie, setCookie } = await login();
    assert.match(setCookie, /; HttpOnly/);
    assert.match(setCookie, /; SameSite=Strict/);
    assert.match(setCookie, /; Max-Age=\d+/);
    assert.equal((await ask('/api/v1/status', { headers: { cookie } })).status, 200);
    assert.equal((await ask('/api/v1/status', { headers: { cookie: cookie.replace(/.$/, (c) => (c === '0' ? '1' : '0')) } })).status, 401);
  });

  test('a command with a cookie needs the CSRF token and our own origin', async () => {
    const { cookie, csrf } = await login();
    const command = (headers) => ask('/api/v1/services/agent/tracing', { method: 'POST', headers, body: { sample_ppm: 10000 } });
    assert.equal((await command({ cookie })).status, 403);
    assert.equal((await command({ cookie, 'x-csrf-token': csrf.replace(/^./, (c) => (c === '0' ? '1' : '0')) })).status, 403);
    assert.equal((await command({ cookie, 'x-csrf-token': csrf, origin: 'http://evil.example' })).status, 403);
    assert.equal((await command({ cookie, 'x-csrf-token': csrf, origin: base })).status, 200);
  });

  test('a request that does not fit is told which field is wrong', async () => {
    const post = (body) => ask('/api/v1/services/agent/tracing', { method: 'POST', headers: bearer(), body });
    assert.deepEqual([(await post('{"sample_ppm":')).status, (await post('[]')).status], [400, 400]);
    const unknown = await post({ sample_ppm: 1, colour: 'blue' });
    assert.deepEqual([unknown.status, unknown.json.field], [422, 'colour']);
    const wrong = await post({ sample_ppm: 'many' });
    assert.deepEqual([wrong.status, wrong.json.field], [422, 'sample_ppm']);
    assert.equal((await ask('/api/v1/turns', { headers: bearer() })).json.field, 'tenant');
  });

  test('a command leaves a row in audit_log: who, what, object, result', async () => {
    const { status } = await ask('/api/v1/services/flow/tracing', { method: 'POST', headers: bearer(), body: { sample_ppm: 20000 } });
    assert.equal(status, 200);
    let rows = [];
    for (let i = 0; i < 100 && rows.length === 0; i++)
      rows = await parley.query("select actor, action, object, details from audit_log where object = '/api/v1/services/flow/tracing'");
    assert.equal(rows[0].actor, 'token 127.0.0.1');
    assert.equal(rows[0].action, 'setTracing');
    assert.equal(rows[0].details.result, 'OK');
    assert.equal(rows[0].details.request.sample_ppm, 20000);
  });

  test('a turn can be listed and read', async () => {
    await parley.cli(['chat', '--from', '+447700900123'], { input: 'hello\n' });
    const tenants = (await ask('/api/v1/tenants', { headers: bearer() })).json.tenants;
    assert.deepEqual(tenants, [{ tenant: 'demo' }]);
    const { turns } = (await ask('/api/v1/turns?tenant=demo&max_rows=10', { headers: bearer() })).json;
    const [turn] = turns;
    assert.equal(turn.text, 'hello');
    assert.equal(turn.path, 'flow:greeting');
    const one = (await ask(`/api/v1/turns/${turn.turn_id}?tenant=demo&conversation_id=${turn.conversation_id}`, { headers: bearer() })).json;
    assert.equal(one.inbound[0].text, 'hello');
    assert.equal(one.outbound.length, 1);
    assert.ok(one.inbound[0].received_at_ms <= one.committed_at_ms);
    const other = await ask(`/api/v1/turns/${turn.turn_id}?tenant=other&conversation_id=${turn.conversation_id}`, { headers: bearer() });
    assert.equal(other.status, 404);
  });

  test('turns are listed page by page, each once, also those of one millisecond', async () => {
    await parley.query(`insert into turns select (jsonb_populate_record(t, jsonb_build_object('fence', t.fence + n, 'turn_id', uuid7()))).*
                          from turns t, generate_series(100, 105) n where t.ctid = (select ctid from turns limit 1)`);
    const list = async (query) => (await ask(`/api/v1/turns?tenant=demo&${query}`, { headers: bearer() })).json.turns;
    const all = await list('max_rows=50'), seen = [];
    assert.ok(all.length >= 7);
    for (let place = ''; seen.length <= all.length; place = `&before_ms=${seen.at(-1).committed_at_ms}&before_turn_id=${seen.at(-1).turn_id}`) {
      const page = await list(`max_rows=2${place}`);
      if (page.length === 0) break;
      seen.push(...page);
    }
    assert.deepEqual(seen.map((row) => row.turn_id), all.map((row) => row.turn_id));
    await parley.query('delete from turns where fence >= 100');
  });

  test('the feed sends a snapshot each second, and answers pings', async () => {
    const { cookie } = await login();
    const feed = await openFeed({ cookie, origin: base });
    assert.equal(feed.status, 101);
    const one = await feed.find((message) => message.type === 'snapshot');
    assert.ok(one.status.instances.some((row) => row.instance === 'ingress-1'));
    assert.ok(Array.isArray(one.edges.edges));
    const two = await feed.find((message) => message.type === 'snapshot');
    assert.ok(two.at_ms > one.at_ms);
    feed.send(9, 'are you there');
    let frame;
    do frame = await feed.next(); while (frame && frame.opcode !== 10);
    assert.equal(frame?.data.toString(), 'are you there');
    feed.send(8, Buffer.from([3, 232]));
    do frame = await feed.next(); while (frame && frame.opcode !== 8);
    assert.equal(frame.data.readUInt16BE(0), 1000);
  });

  test('the feed refuses strangers, other sites and broken handshakes', async () => {
    const { cookie } = await login();
    assert.equal((await openFeed({})).status, 401);
    assert.equal((await openFeed({ cookie, origin: 'http://evil.example' })).status, 403);
    assert.equal((await openFeed({ cookie, origin: base }, { version: '8' })).status, 400);
    assert.equal((await openFeed({ cookie, origin: base }, { key: 'short' })).status, 400);
  });

  test('the feed ends at a frame that breaks the rules', async () => {
    const feed = await openFeed(bearer());
    feed.socket.write(Buffer.from([0x81, 0x01, 0x61])); // not masked
    let frame;
    do frame = await feed.next(); while (frame && frame.opcode !== 8);
    assert.equal(frame.data.readUInt16BE(0), 1002);
  });

  test('the feed tells of a death', async () => {
    const feed = await openFeed(bearer());
    await feed.find((message) => message.type === 'snapshot');
    process.kill(await parley.pidOf('translation'), 'SIGKILL');
    const event = await feed.find((message) => message.type === 'event' && message.instance === 'translation-1' && message.kind === 'restarted');
    assert.match(event.text, /^pid \d+ after \d+$/);
    feed.close();
  });

  test('many wrong tokens make an address wait', async () => {
    let last;
    for (let i = 0; i < 12; i++) last = await ask('/api/session', { method: 'POST', body: { token: `wrong ${i}` } });
    assert.equal(last.status, 429);
    assert.ok(Number(last.headers.get('retry-after')) > 0);
    assert.equal((await ask('/api/v1/status', { headers: bearer() })).status, 429);
  });
});
