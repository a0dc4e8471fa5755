// What our MCP client shows a server, and what it does when a stream is cut: an SDK server with an event store
// whose connections are broken, and a token endpoint that rotates what it gives. Neither the client's code nor
// the servers' is ours.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Parley, build, root } from '../harness/parley.mjs';
import { callTool, isTool } from '../harness/tools.mjs';

const require = createRequire(path.join(root, 'tests/package.json'));
const { McpServer } = require('@modelcontextprotocol/sdk/server/mcp.js');
const { StreamableHTTPServerTransport } = require('@modelcontextprotocol/sdk/server/streamableHttp.js');
const { InMemoryEventStore } = require('@modelcontextprotocol/sdk/examples/shared/inMemoryEventStore.js');

const listen = (server) => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));

function run(command, args, input = '', env = process.env) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env });
  let stdout = '', stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  child.stdin.end(input);
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

// An MCP server with sessions that keeps its events. cut(request, body) says how many bytes of an answer may
// pass before the connection breaks; undefined: all.
class Peer {
  requests = [];
  calls = 0;
  transports = new Map();
  cut = () => undefined;
  isAllowed = () => true;

  async start() {
    this.http = createServer((request, response) => this.#take(request, response).catch(() => response.destroy()));
    this.url = `http://127.0.0.1:${await listen(this.http)}/mcp`;
    return this;
  }
  async stop() {
    for (const transport of this.transports.values()) await transport.close();
    this.http.closeAllConnections();
    await new Promise((resolve) => this.http.close(resolve));
  }
  gets() {
    return this.requests.filter((request) => request.method === 'GET');
  }
  #server() {
    const server = new McpServer({ name: 'peer', version: '1' });
    server.registerTool('work', { description: 'Works in steps.' }, async ({ _meta, sendNotification }) => {
      this.calls++;
      for (let progress = 1; progress <= 4; progress++) {
        await new Promise((resolve) => setTimeout(resolve, 20)); // the store sorts by the millisecond
        if (progress <= 3 && _meta?.progressToken !== undefined)
          await sendNotification({ method: 'notifications/progress', params: { progressToken: _meta.progressToken, progress, total: 3 } });
      }
      return { content: [{ type: 'text', text: 'done' }] };
    });
    return server;
  }
  async #transport(body) {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID, eventStore: new InMemoryEventStore(), retryInterval: 50,
      onsessioninitialized: (id) => this.transports.set(id, transport),
    });
    assert.equal(body.method, 'initialize');
    await this.#server().connect(transport);
    return transport;
  }
  async #take(request, response) {
    let text = '';
    for await (const chunk of request) text += chunk;
    const body = text ? JSON.parse(text) : undefined;
    this.requests.push({ method: request.method, headers: request.headers, body });
    if (!this.isAllowed(request)) return void response.writeHead(401, { 'www-authenticate': 'Bearer' }).end();
    if (body?.method === 'server/discover') return void response.writeHead(400).end();
    const limit = this.cut(request, body);
    if (limit !== undefined) this.#break(response, limit);
    const known = this.transports.get(request.headers['mcp-session-id']);
    if (request.headers['mcp-session-id'] && !known) return void response.writeHead(404).end();
    await (known ?? (await this.#transport(body))).handleRequest(request, response, body);
  }
  #break(response, limit) {
    const write = response.write.bind(response);
    let sent = 0;
    response.write = (chunk, ...rest) => {
      const bytes = Buffer.from(chunk);
      const passed = bytes.subarray(0, Math.max(0, limit - sent));
      sent += bytes.length;
      if (passed.length > 0) write(passed, ...rest);
      if (sent >= limit) setImmediate(() => response.socket?.destroy());
      return true;
    };
  }
}

// A token endpoint: each refresh token is good once; access tokens until they are told to be not.
class Tokens {
  asked = [];
  good = new Set();
  refresh = 'refresh-0';
  expires = 3600;
  answer = null;
  isDead = false;

  async start() {
    this.http = createServer(async (request, response) => {
      let text = '';
      for await (const chunk of request) text += chunk;
      const form = Object.fromEntries(new URLSearchParams(text));
      this.asked.push({ form, authorization: request.headers.authorization, type: request.headers['content-type'] });
      const [status, body] = this.answer?.(form) ?? this.#grant(form, request.headers.authorization);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    this.url = `http://127.0.0.1:${await listen(this.http)}/token`;
    return this;
  }
  stop() {
    this.http.closeAllConnections();
    return new Promise((resolve) => this.http.close(resolve));
  }
  #grant(form, authorization) {
    const basic = `Basic ${Buffer.from('parley%2B1:s%25cret').toString('base64')}`;
    if (authorization !== basic && form.client_secret !== 's%cret') return [401, { error: 'invalid_client' }];
    const access_token = `access-${this.asked.length}-${randomBytes(4).toString('hex')}`;
    if (form.grant_type === 'client_credentials') {
      this.good = new Set([access_token]);
      return [200, { access_token, token_type: 'Bearer', expires_in: this.expires }];
    }
    if (form.refresh_token !== this.refresh) return [400, { error: 'invalid_grant' }];
    this.refresh = `refresh-${this.asked.length}-${randomBytes(4).toString('hex')}`;
    this.good = new Set([access_token]);
    return [200, { access_token, token_type: 'bearer', expires_in: this.expires, refresh_token: this.refresh }];
  }
  takes = (request) => this.good.has((request.headers.authorization ?? '').replace(/^Bearer /, ''));
}

describe('the MCP client over a bad line', () => {
  let data, peer;
  const mcp = (...args) => run(path.join(build, 'cli/parley'), ['mcp', '--data', data, ...args]);
  before(async () => {
    data = mkdtempSync(path.join(tmpdir(), 'parley-mcp-'));
    peer = await new Peer().start();
    writeFileSync(path.join(data, 'mcp.json'), JSON.stringify({ mcpServers: { peer: { url: peer.url, allow_private_addresses: true } } }));
    const { code, stdout, stderr } = await mcp('approve', 'peer');
    assert.equal(code, 0, stdout + stderr);
  });
  after(async () => {
    await peer.stop();
    rmSync(data, { recursive: true, force: true });
  });

  const call = async (limits) => {
    peer.requests = [];
    peer.calls = 0;
    let turn = 0;
    peer.cut = (request, body) => (body?.method === 'tools/call' || request.method === 'GET' ? limits[turn++] : undefined);
    const result = await mcp('call', 'peer', 'work');
    peer.cut = () => undefined;
    return result;
  };

  test('a call whose stream is cut is taken up behind its last event: done once, told once', async () => {
    // Behind the priming event, in the middle of an event, behind several, twice in a row.
    for (const limits of [[90], [150], [330], [500], [150, 200], [90, 10, 400]]) {
      const { code, stdout, stderr } = await call(limits);
      assert.equal(code, 0, `${limits}: ${stderr}`);
      assert.equal(JSON.parse(stdout).content[0].text, 'done');
      assert.deepEqual(stderr.match(/progress: \d of 3/g), ['progress: 1 of 3', 'progress: 2 of 3', 'progress: 3 of 3'], `${limits}`);
      assert.equal(peer.calls, 1, `${limits}: asked twice`);
      assert.ok(peer.gets().length >= limits.length, `${limits}`);
      for (const { headers } of peer.gets()) {
        assert.ok(headers['last-event-id'] && headers['mcp-session-id'] && headers['mcp-protocol-version'], JSON.stringify(headers));
        assert.equal(headers.accept, 'text/event-stream');
      }
    }
  });

  test('a stream that was cut before any event is not taken up, and nothing is asked twice', async () => {
    const { code } = await call([5]);
    assert.equal(code, 69);
    assert.equal(peer.gets().length, 0);
    assert.ok(peer.calls <= 1);
  });

  test('a server that cuts it each time without anything new is left after five attempts', async () => {
    const { code } = await call([90, 5, 5, 5, 5, 5, 5, 5]);
    assert.equal(code, 69);
    assert.equal(peer.gets().length, 5);
    assert.ok(peer.gets().every(({ headers }) => headers['last-event-id'] === peer.gets()[0].headers['last-event-id']));
  });
});

test('without sessions a cut call is asked again under a new id, if its hints say that this changes nothing', async () => {
  const data = mkdtempSync(path.join(tmpdir(), 'parley-mcp-'));
  const input = { type: 'object', properties: {} };
  const calls = [];
  let cuts = 0;
  const peer = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { id, method, params } = JSON.parse(text);
    const answer = (result) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id, result: { resultType: 'complete', ...result } }));
    if (method === 'server/discover') return answer({ supportedVersions: ['2026-07-28'], capabilities: { tools: {} }, ttlMs: 0, cacheScope: 'public' });
    if (method === 'tools/list') return answer({ tools: [{ name: 'look', inputSchema: input, annotations: { readOnlyHint: true } }, { name: 'act', inputSchema: input }], ttlMs: 60000, cacheScope: 'public' });
    calls.push({ id, name: params.name, method: request.method });
    if (cuts-- <= 0) return answer({ content: [{ type: 'text', text: 'seen' }] });
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('id: 1\ndata: {"jsonrpc":"2.0","method":"notifications/other"}\n\n', () => response.socket.destroy());
  });
  try {
    const url = `http://127.0.0.1:${await listen(peer)}/mcp`;
    writeFileSync(path.join(data, 'mcp.json'), JSON.stringify({ mcpServers: { peer: { url, allow_private_addresses: true } } }));
    const mcp = async (cut, ...args) => {
      calls.length = 0;
      cuts = cut;
      return (await run(path.join(build, 'cli/parley'), ['mcp', '--data', data, ...args])).code;
    };
    assert.equal(await mcp(0, 'approve', 'peer'), 0);
    assert.equal(await mcp(1, 'call', 'peer', 'look'), 0);
    assert.equal(new Set(calls.map(({ id }) => id)).size, 2);
    assert.deepEqual(calls.map(({ method }) => method), ['POST', 'POST']);
    assert.equal(await mcp(9, 'call', 'peer', 'look'), 69);
    assert.equal(calls.length, 3);
    assert.equal(await mcp(1, 'call', 'peer', 'act'), 69);
    assert.equal(calls.length, 1);
  } finally {
    peer.closeAllConnections();
    await new Promise((resolve) => peer.close(resolve));
    rmSync(data, { recursive: true, force: true });
  }
});

describe('what the MCP client shows a server', () => {
  let data, peer, tokens;
  const mcp = (...args) => run(path.join(build, 'cli/parley'), ['mcp', '--data', data, ...args]);
  const secret = (server, name, value) => run(path.join(build, 'cli/parley'), ['mcp', '--data', data, 'secret', server, name], `${value}\n`);
  const good = async (...args) => {
    const result = await mcp(...args);
    assert.equal(result.code, 0, result.stdout + result.stderr);
    return result;
  };
  const stored = () => readFileSync(path.join(data, 'mcp.secrets.json'), 'utf8');
  before(async () => {
    data = mkdtempSync(path.join(tmpdir(), 'parley-mcp-'));
    mkdirSync(path.join(data, 'keys'));
    writeFileSync(path.join(data, 'keys/master.key'), randomBytes(32), { mode: 0o600 });
    peer = await new Peer().start();
    tokens = await new Tokens().start();
    const http = { url: peer.url, allow_private_addresses: true };
    const oauth = { token_url: tokens.url, client_id: 'parley+1', scope: 'orders read' };
    writeFileSync(path.join(data, 'mcp.json'), JSON.stringify({ mcpServers: {
      plain: http,
      machine: { ...http, oauth },
      posted: { ...http, oauth: { ...oauth, client_auth: 'post', resource: 'urn:peer' } },
      person: { ...http, oauth: { ...oauth, grant: 'refresh_token' } },
      open: { ...http, allow_private_addresses: false, oauth },
      odd: { ...http, oauth: { ...oauth, grant: 'password' } },
    } }));
  });
  after(async () => {
    await Promise.all([peer.stop(), tokens.stop()]);
    rmSync(data, { recursive: true, force: true });
  });

  test('a sealed token: shown to its server, in clear nowhere, opened for that server alone', async () => {
    peer.isAllowed = (request) => request.headers.authorization === 'Bearer static-s3cret';
    assert.equal((await mcp('list', 'plain')).code, 69);
    assert.equal((await secret('plain', 'token', 'static-s3cret')).code, 0);
    await good('list', 'plain');
    assert.match(stored(), /v1:/);
    assert.ok(!stored().includes('s3cret'));
    assert.equal(statSync(path.join(data, 'mcp.secrets.json')).mode & 0o777, 0o600);
    const moved = JSON.parse(stored());
    writeFileSync(path.join(data, 'mcp.secrets.json'), JSON.stringify({ ...moved, person: moved.plain, plain: { token: `${moved.plain.token.slice(0, -4)}AAAA` } }));
    const { code, stderr } = await mcp('list', 'plain');
    assert.deepEqual([code, /cannot be opened/.test(stderr)], [69, true], stderr);
    assert.equal((await secret('plain', 'token', '')).code, 0);
    assert.equal((await secret('plain', 'password', 'x')).code, 64);
    writeFileSync(path.join(data, 'mcp.secrets.json'), '{}');
  });

  test('client credentials: asked once for many requests, with scope and resource, by Basic or in the form', async () => {
    peer.isAllowed = tokens.takes;
    const none = await mcp('list', 'machine');
    assert.deepEqual([none.code, /client_secret/.test(none.stderr)], [69, true], none.stderr);
    assert.equal(tokens.asked.length, 0);
    for (const server of ['machine', 'posted']) assert.equal((await secret(server, 'client_secret', 's%cret')).code, 0);
    await good('approve', 'machine');
    assert.equal(tokens.asked.length, 1);
    assert.deepEqual(tokens.asked[0].form, { grant_type: 'client_credentials', scope: 'orders read', resource: peer.url });
    assert.equal(tokens.asked[0].type, 'application/x-www-form-urlencoded');
    await good('call', 'machine', 'work');
    assert.equal(tokens.asked.length, 2);
    await good('list', 'posted');
    assert.deepEqual(tokens.asked[2].form, { grant_type: 'client_credentials', client_id: 'parley+1', client_secret: 's%cret', scope: 'orders read', resource: 'urn:peer' });
    assert.equal(tokens.asked[2].authorization, undefined);
  });

  test('a refresh token that rotates is stored before it is needed, and used up by nobody twice', async () => {
    assert.equal((await secret('person', 'client_secret', 's%cret')).code, 0);
    assert.equal((await secret('person', 'refresh_token', 'refresh-0')).code, 0);
    tokens.asked = [];
    for (let i = 0; i < 3; i++) await good('list', 'person');
    assert.equal(tokens.asked.length, 3);
    assert.equal(new Set(tokens.asked.map(({ form }) => form.refresh_token)).size, 3);
    assert.ok(!stored().includes('refresh-') && !stored().includes('s%cret'));
    // Several at once: who comes second finds what the first was given.
    const codes = (await Promise.all([1, 2, 3].map(() => mcp('list', 'person')))).map(({ code }) => code);
    assert.ok(codes.includes(0), `${codes}`);
    await good('list', 'person');
  });

  test('a token that is refused is replaced once; what is refused again, and what the endpoint refuses, is said', async () => {
    tokens.asked = [];
    let refusals = 0;
    peer.isAllowed = (request) => {
      const isFirst = peer.requests.at(-1)?.body?.method === 'tools/call' && refusals++ === 0;
      if (isFirst) tokens.good.clear();
      return tokens.takes(request);
    };
    await good('approve', 'machine');
    peer.calls = 0;
    await good('call', 'machine', 'work');
    assert.equal(peer.calls, 1);
    assert.equal(tokens.asked.length, 3); // approve, call, and the call's second token
    tokens.asked = [];
    peer.isAllowed = () => false;
    const refused = await mcp('list', 'machine');
    assert.deepEqual([refused.code, /refuses the token/.test(refused.stderr)], [69, true], refused.stderr);
    assert.equal(tokens.asked.length, 1, 'a token that no server took is not replaced at once');
    peer.isAllowed = tokens.takes;
    for (const [answer, pattern] of [[[400, { error: 'invalid_scope', error_description: 'secret words' }], /invalid_scope/],
      [[503, {}], /not available/], [[200, { access_token: 'a b', token_type: 'Bearer' }], /no bearer token/], [[200, 'x'], /not of the standard/]]) {
      tokens.answer = () => answer;
      const { code, stderr } = await mcp('list', 'machine');
      assert.deepEqual([code, pattern.test(stderr), /secret words/.test(stderr)], [69, true, false], stderr);
    }
    tokens.answer = null;
    for (const [server, pattern] of [['open', /must be https/], ['odd', /grant is/]]) assert.match((await mcp('list', server)).stderr, pattern);
  });

  test('the bridge: a token that ends is renewed before it does, tools go on, and nothing of it is in a log', async () => {
    tokens.asked = [];
    tokens.expires = 3;
    let parley;
    try {
      parley = await Parley.start({ whatsapp: false, env: { PARLEY_ALLOW_PRIVATE_ADDRESSES: 'true' } });
      const config = JSON.parse(readFileSync(path.join(data, 'mcp.json'), 'utf8'));
      writeFileSync(path.join(parley.data, 'mcp.json'), JSON.stringify({ mcpServers: { person: config.mcpServers.person } }));
      const set = (name, value) => run(path.join(build, 'cli/parley'), ['mcp', '--data', parley.data, 'secret', 'person', name], value);
      assert.equal((await set('client_secret', 's%cret')).code, 0);
      tokens.refresh = 'refresh-bridge';
      assert.equal((await set('refresh_token', 'refresh-bridge')).code, 0);
      await isTool(parley, 'person_work', 'new');
      assert.equal((await run(path.join(build, 'cli/parley'), ['mcp', '--data', parley.data, 'approve', 'person'])).code, 0);
      await isTool(parley, 'person_work', 'ready');
      const before = tokens.asked.length;
      const until = Date.now() + 3500;
      for (let calls = 0; Date.now() < until || calls < 2; calls++) assert.deepEqual((await callTool(parley, 'person_work', {})).result, { text: 'done' });
      assert.ok(tokens.asked.length > before, 'it was never renewed');
      assert.ok(tokens.asked.length - before <= 4, 'asked for more often than it ends');
      const logs = await run('grep', ['-rlE', 'access-[0-9]+-[0-9a-f]{8}|refresh-bridge|s%cret', parley.data]);
      assert.equal(logs.stdout, '');
      assert.ok(existsSync(path.join(parley.data, 'mcp.secrets.json')));
    } finally {
      await parley?.stop();
    }
  });
});
