// The Model Context Protocol: the official conformance suites against our server (docs/mcp.md lists what is
// declared and what is not), and Parley's own functions as tools, through an SDK that we did not write.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { build, freePort, Parley, root, run, Sim, until } from '../harness/parley.mjs';

const adminPort = await freePort();
const modules = path.join(root, 'tests/node_modules');
const suites = { '0.1.16': 'mcp-conformance-legacy', '0.2.0-alpha.12': 'mcp-conformance' };

// Scenarios of what we declare: tools, both eras, one endpoint.
const tools = ['tools-list', 'tools-call-simple-text', 'tools-call-image', 'tools-call-audio', 'tools-call-embedded-resource',
  'tools-call-mixed-content', 'tools-call-error', 'tools-call-with-progress', 'json-schema-2020-12', 'server-sse-multiple-streams',
  'dns-rebinding-protection'];
const legacy = [...tools, 'server-initialize', 'ping'];
const modern = [...tools, 'server-stateless', 'caching', 'http-header-validation', 'http-custom-header-server-validation'];
// What has no fixture tool in it: for the server that people use.
const plain = new Set(['tools-list', 'dns-rebinding-protection', 'server-initialize', 'server-session-lifecycle', 'ping', 'caching', 'http-header-validation']);
// Parts of a scenario for things that we do not declare.
const undeclaredChecks = /^sep-2549-(prompts|resources)-/;

// All scenarios of a revision at once, as { name: [check, ...] }.
async function conformance(version, url, revision) {
  const out = mkdtempSync(path.join(tmpdir(), 'mcp-conformance-'));
  try {
    const { output: log } = await run(path.join(modules, 'node/bin/node'), [path.join(modules, suites[version], 'dist/index.js'),
      'server', '--url', url, '--suite', 'all', '-o', out, ...(revision ? ['--spec-version', revision] : [])]);
    const found = {};
    for (const folder of readdirSync(out)) {
      const name = /^server-(.+?)-\d{4}-\d\d-\d\dT/.exec(folder)[1];
      found[name] = JSON.parse(readFileSync(path.join(out, folder, 'checks.json'), 'utf8'));
    }
    assert.ok(Object.keys(found).length > 0, log);
    return found;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

function judge(found, wanted) {
  for (const name of wanted) {
    const checks = (found[name] ?? []).filter((check) => !undeclaredChecks.test(check.id));
    const bad = checks.filter((check) => !['SUCCESS', 'INFO', 'SKIPPED'].includes(check.status));
    assert.deepEqual(bad.map((check) => `${check.id}: ${check.errorMessage}`), [], name);
    assert.ok(checks.some((check) => check.status === 'SUCCESS'), `${name} shows nothing`);
    // A tool that is missing must never look like one that works.
    assert.ok(!JSON.stringify(checks).includes('there is no such tool'), name);
  }
}

// The fixture: the server of admin with the tools that scenarios name.
async function startFixture(...args) {
  const child = spawn(path.join(build, 'tests/mcp_fixture'), args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const url = await new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => resolve(/listening (\S+)/.exec(chunk)[1]));
    child.on('exit', (code) => reject(new Error(`mcp_fixture ended with ${code}`)));
  });
  const stop = () => new Promise((resolve, reject) => {
    child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`mcp_fixture ended with ${code}`))));
    child.stdin.end();
  });
  return { url, stop };
}

const post = async (url, body, headers = {}) => {
  const response = await fetch(url, {
    method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: text.startsWith('{') ? JSON.parse(text) : null };
};
const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} };
const ask = (url, method, params = {}, headers = {}) => post(url, { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: { ...meta, ...params._meta } } },
  { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, ...(params.name ? { 'mcp-name': params.name } : {}), ...headers });

describe('the protocol', () => {
  let fixture;
  before(async () => { fixture = await startFixture(); });
  after(() => fixture?.stop());

  test('conformance 0.1.16: all scenarios of what we declare', async () => {
    judge(await conformance('0.1.16', fixture.url), legacy);
  });
  test('conformance 0.2.0-alpha.12, 2025-11-25: all scenarios of what we declare', async () => {
    judge(await conformance('0.2.0-alpha.12', fixture.url, '2025-11-25'), [...legacy, 'server-session-lifecycle']);
  });
  test('conformance 0.2.0-alpha.12, 2026-07-28: all scenarios of what we declare', async () => {
    judge(await conformance('0.2.0-alpha.12', fixture.url, '2026-07-28'), modern);
  });

  test('bad messages are refused with the code and status that the protocol wants', async () => {
    const rows = [
      ['{', 400, -32700], ['[]', 400, -32600], ['"x"', 400, -32600], ['{"jsonrpc":"2.0","id":null,"method":"ping"}', 400, -32600],
      ['{"jsonrpc":"1.0","id":1,"method":"ping"}', 400, -32600], ['{"jsonrpc":"2.0","id":1.5,"method":"ping"}', 400, -32600],
      ['{"jsonrpc":"2.0","id":1,"method":"initialize","params":[]}', 200, -32602],
      ['{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}', 200, -32602],
      ['{"jsonrpc":"2.0","id":1,"method":"tools/list"}', 400, -32600], // no session
      ['{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', 400, -32700],
      ['[' .repeat(200) + ']'.repeat(200), 400, -32700],
    ];
    for (const [body, status, code] of rows) {
      const answer = await post(fixture.url, body);
      assert.deepEqual([answer.status, answer.json?.error?.code], [status, code], body.slice(0, 60));
    }
    assert.equal((await post(fixture.url, '{}', { 'content-type': 'text/plain' })).status, 415);
    assert.equal((await post(fixture.url, '{}', { accept: 'text/html' })).status, 406);
    assert.equal((await fetch(fixture.url)).status, 405);
    assert.equal((await fetch(fixture.url, { method: 'DELETE' })).status, 405);
  });

  test('pages: every tool once, in one order; a cursor of nobody is refused', async () => {
    const paged = await startFixture('5');
    try {
      const all = (await ask(fixture.url, 'tools/list')).json.result.tools.map((tool) => tool.name);
      const names = [];
      for (let cursor, i = 0; i < 10; i++) {
        const { result } = (await ask(paged.url, 'tools/list', cursor ? { cursor } : {})).json;
        assert.ok(result.tools.length <= 5);
        names.push(...result.tools.map((tool) => tool.name));
        if (!(cursor = result.nextCursor)) break;
      }
      assert.deepEqual(names, all);
      for (const cursor of ['', 'x', '-5', '0', '99', 5])
        assert.equal((await ask(paged.url, 'tools/list', { cursor })).json.error.code, -32602, `${cursor}`);
    } finally {
      await paged.stop();
    }
  });

  test('progress comes while the tool works, to those who asked and take an event stream', async () => {
    const params = { name: 'test_tool_with_progress', _meta: { progressToken: 'p' } };
    const streamed = await ask(fixture.url, 'tools/call', params);
    assert.equal(streamed.headers.get('content-type'), 'text/event-stream');
    const events = streamed.text.trim().split('\n\n').map((event) => JSON.parse(/^data: (.*)$/m.exec(event)[1]));
    assert.deepEqual(events.map((event) => event.params?.progress ?? event.result.content[0].text), [0, 50, 100, 'done']);
    assert.equal((await ask(fixture.url, 'tools/call', { name: params.name })).headers.get('content-type'), 'application/json');
    assert.equal((await ask(fixture.url, 'tools/call', params, { accept: 'application/json' })).json.result.content[0].text, 'done');
    // A client that goes away in the middle takes nothing with it.
    const control = new AbortController();
    const cut = fetch(fixture.url, { method: 'POST', signal: control.signal, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { ...params, _meta: { ...meta, progressToken: 1 } } }),
      headers: { 'content-type': 'application/json', accept: 'text/event-stream, application/json', 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': params.name } });
    await (await cut).body.getReader().read();
    control.abort();
    assert.equal((await ask(fixture.url, 'server/discover')).status, 200);
  });
});

describe('Parley as tools', () => {
  let sim, parley, url, token, proxy, proxied, client;
  before(async () => {
    sim = await Sim.start();
    parley = await Parley.start({ sim, adminPort });
    url = `http://127.0.0.1:${adminPort}/mcp`;
    token = readFileSync(path.join(parley.data, 'keys/admin.token'), 'utf8').trim();
    // The suites send no token: this puts it in and changes nothing else.
    proxy = http.createServer((request, response) => {
      const onward = http.request(url, { method: request.method, headers: { ...request.headers, authorization: `Bearer ${token}` } }, (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy());
      request.pipe(onward);
    });
    await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    proxied = `http://127.0.0.1:${proxy.address().port}/mcp`;
    client = new Client({ name: 'test', version: '1' });
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers: { authorization: `Bearer ${token}` } } }));
  });
  after(async () => {
    await client?.close();
    proxy?.closeAllConnections();
    proxy?.close();
    await parley?.stop();
    await sim?.stop();
  });

  test('conformance of the server itself, both eras', async () => {
    judge(await conformance('0.2.0-alpha.12', proxied, '2025-11-25'), [...legacy, 'server-session-lifecycle'].filter((name) => plain.has(name)));
    judge(await conformance('0.2.0-alpha.12', proxied, '2026-07-28'), modern.filter((name) => plain.has(name)));
  });

  test('the same permissions as the API: a token, our own host, no page of others', async () => {
    const body = { jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25' } };
    assert.equal((await post(url, body)).status, 401);
    assert.equal((await post(url, body, { authorization: 'Bearer wrong-token-of-somebody' })).status, 401);
    const bearer = { authorization: `Bearer ${token}` };
    assert.equal((await post(url, body, { ...bearer, origin: 'https://evil.example' })).status, 403);
    assert.equal((await post(url, body, bearer)).status, 200);
    assert.equal((await post(url, { jsonrpc: '2.0', id: 2, method: 'tools/list' }, { ...bearer, 'mcp-session-id': 'f'.repeat(32) })).status, 404);
    assert.equal((await post(url, { jsonrpc: '2.0', id: 2, method: 'tools/list' }, bearer)).status, 400);
  });

  test('every tool has schemas, hints and a name that models accept', async () => {
    const { tools: listed } = await client.listTools();
    const names = listed.map((tool) => tool.name);
    for (const name of ['list_tenants', 'list_handoffs', 'take_over', 'hand_back', 'send_message', 'search_knowledge', 'list_turns', 'get_turn', 'list_dead_letters', 'get_status'])
      assert.ok(names.includes(name), name);
    for (const tool of listed) {
      assert.match(tool.name, /^[a-z_]{1,64}$/);
      assert.equal(tool.inputSchema.additionalProperties, false, tool.name);
      assert.equal(tool.outputSchema.type, 'object', tool.name);
      assert.equal(typeof tool.annotations.readOnlyHint, 'boolean', tool.name);
    }
    assert.equal(listed.find((tool) => tool.name === 'send_message').annotations.openWorldHint, true);
    assert.deepEqual(listed.find((tool) => tool.name === 'list_turns').annotations.readOnlyHint, true);
  });

  // The SDK holds structuredContent against outputSchema and throws when it does not fit.
  const call = async (name, args = {}) => {
    const result = await client.callTool({ name, arguments: args });
    if (!result.isError) assert.deepEqual(JSON.parse(result.content[0].text), result.structuredContent, name);
    return result;
  };

  test('a conversation: taken over, written to, given back; each an audit row with the same actor as in the API', async () => {
    const from = '33650008001';
    await parley.say(from, 'bonjour, quels chantiers ?');
    await sim.waitFor(from, 1);
    const { structuredContent: { turns } } = await call('list_turns', { tenant: 'demo' });
    const conversation_id = turns[0].conversation_id;
    const turn = await call('get_turn', { tenant: 'demo', turn_id: turns[0].turn_id, conversation_id });
    assert.ok(!turn.isError, turn.content[0].text);
    assert.ok(!(await call('take_over', { tenant: 'demo', conversation_id, owner: 'person' })).isError);
    const before = (await sim.sentTo(from)).length;
    const message = { tenant: 'demo', conversation_id, text: 'Ici Ana, je m’en occupe.', idempotency_key: 'k1' };
    const sent = await call('send_message', message);
    assert.equal(sent.structuredContent?.was_new, true, sent.content[0].text);
    assert.equal((await call('send_message', message)).structuredContent.was_new, false);
    await sim.waitFor(from, before + 1);
    assert.equal((await sim.sentTo(from)).length, before + 1);
    assert.ok(!(await call('hand_back', { tenant: 'demo', conversation_id })).isError);
    const rows = await until('the audit rows', async () => {
      const found = await parley.query(`select actor, action, object from audit_log where object = '/mcp' order by 1, 2`);
      return found.length >= 4 && found;
    });
    assert.deepEqual([...new Set(rows.map((row) => row.action))].sort(), ['handBack', 'reply', 'takeOver']);
    assert.deepEqual([...new Set(rows.map((row) => row.actor))], ['token 127.0.0.1']);
  });

  test('reading: what each tool says fits its schema', async () => {
    const { structuredContent: { tenants } } = await call('list_tenants');
    const [{ tenant }] = tenants;
    assert.equal(tenant, 'demo');
    for (const name of ['get_status', 'list_services', 'list_dead_letters', 'list_traces', 'list_obituaries']) assert.ok(!(await call(name)).isError, name);
    for (const name of ['list_handoffs', 'list_turns']) assert.ok(!(await call(name, { tenant })).isError, name);
    const { structuredContent: { hits } } = await call('search_knowledge', { tenant, text: 'opening hours' });
    assert.ok(Array.isArray(hits));
  });

  test('what is wrong with the arguments is told to the model, not to the protocol', async () => {
    const rows = [
      ['list_turns', {}, /tenant is missing/], ['list_turns', { tenant: 'demo', colour: 'red' }, /colour is no argument/],
      ['list_turns', { tenant: 'demo', max_rows: 'ten' }, /max_rows/], ['send_message', { tenant: 'demo', text: 'x' }, /is missing/],
      ['get_status', { tenant: 'demo' }, /tenant is no argument/], ['get_trace', { trace: 'f'.repeat(32) }, /\w+_\d{4}: /],
    ];
    for (const [name, args, text] of rows) {
      const { result } = (await ask(proxied, 'tools/call', { name, arguments: args })).json;
      assert.equal(result.isError, true, name);
      assert.match(result.content[0].text, text);
    }
    assert.equal((await ask(proxied, 'tools/call', { name: 'drop_all' })).json.error.code, -32602);
    assert.equal((await ask(proxied, 'tools/call', { name: 'get_status', arguments: [] })).json.error.code, -32602);
  });
});
