// Our MCP client: the client scenarios of the conformance suites, the reference server over both transports,
// and the tools of our own server in the modern era. Approval by hash.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { build, root, run, until } from '../harness/parley.mjs';

const modules = path.join(root, 'tests/node_modules');
const everything = path.join(modules, '@modelcontextprotocol/server-everything/dist/index.js');
const suites = { '0.1.16': 'mcp-conformance-legacy', '0.2.0-alpha.12': 'mcp-conformance' };
const legacy = ['initialize', 'tools_call', 'sse-retry'];
const modern = ['tools_call', 'request-metadata', 'http-standard-headers', 'http-custom-headers', 'http-invalid-tool-headers',
  'json-schema-ref-no-deref', 'json-schema-2020-12-preservation'];

async function scenario(version, name, revision) {
  const out = mkdtempSync(path.join(tmpdir(), 'mcp-client-'));
  try {
    const { code, stdout, stderr } = await run(path.join(modules, 'node/bin/node'), [path.join(modules, suites[version], 'dist/index.js'), 'client',
      '--command', path.join(build, 'tests/mcp_probe'), '--scenario', name, '-o', out, ...(revision ? ['--spec-version', revision] : [])]);
    const [folder] = readdirSync(out);
    assert.ok(folder, stdout + stderr);
    const checks = JSON.parse(readFileSync(path.join(out, folder, 'checks.json'), 'utf8'));
    const bad = checks.filter((check) => !['SUCCESS', 'INFO', 'SKIPPED'].includes(check.status));
    assert.deepEqual(bad.map((check) => `${check.id}: ${check.errorMessage}`), [], name);
    assert.ok(checks.some((check) => check.status === 'SUCCESS'), `${name} shows nothing`);
    assert.equal(code, 0, stdout);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

describe('the MCP client', () => {
  let data, http, fixture;
  const children = [];
  const start = async (command, args, env, pattern) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    children.push(child);
    let text = '';
    child.stdout.on('data', (chunk) => (text += chunk));
    child.stderr.on('data', (chunk) => (text += chunk));
    return (await until('a server', () => pattern.exec(text)))[1];
  };
  const configure = (servers) => writeFileSync(path.join(data, 'mcp.json'), JSON.stringify({ mcpServers: servers }));
  const mcp = (...args) => run(path.join(build, 'cli/parley'), ['mcp', '--data', data, ...args]);
  before(async () => {
    data = mkdtempSync(path.join(tmpdir(), 'parley-mcp-'));
    const port = 20000 + (process.pid % 10000);
    http = await start(process.execPath, [everything, 'streamableHttp'], { PORT: String(port) }, /listening on port (\d+)/);
    fixture = await start(path.join(build, 'tests/mcp_fixture'), ['5'], {}, /listening (\S+)/);
    configure({
      stdio: { command: process.execPath, args: [everything, 'stdio'], env: { GIVEN: 'yes' } },
      http: { url: `http://127.0.0.1:${http}/mcp`, allow_private_addresses: true },
      closed: { url: `http://127.0.0.1:${http}/mcp` },
      modern: { url: fixture, allow_private_addresses: true },
      none: { command: '/nonexistent/program' },
      silent: { command: '/bin/cat', args: ['/dev/null'] },
    });
  });
  after(async () => {
    for (const child of children) {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill();
      await gone;
    }
    rmSync(data, { recursive: true, force: true });
  });

  for (const name of legacy) {
    test(`conformance 0.1.16: ${name}`, () => scenario('0.1.16', name));
    test(`conformance 0.2.0-alpha.12, 2025-11-25: ${name}`, () => scenario('0.2.0-alpha.12', name, '2025-11-25'));
  }
  for (const name of modern) test(`conformance 0.2.0-alpha.12, 2026-07-28: ${name}`, () => scenario('0.2.0-alpha.12', name, '2026-07-28'));

  for (const server of ['stdio', 'http']) {
    test(`the reference server over ${server}: listed, approved, called, progress`, async () => {
      assert.match((await mcp('list', server)).stdout, /speaks 2025-11-25\n(.|\n)*new +get-sum\n/);
      const early = await mcp('call', server, 'get-sum', '{"a":2,"b":3}');
      assert.equal(early.code, 1);
      assert.match(early.stderr, /not as it was approved/);
      assert.equal((await mcp('approve', server)).code, 0);
      const { stdout } = await mcp('call', server, 'get-sum', '{"a":2,"b":3}');
      assert.match(JSON.parse(stdout).content[0].text, /5/);
      const weather = JSON.parse((await mcp('call', server, 'get-structured-content', '{"location":"New York"}')).stdout);
      assert.equal(typeof weather.structuredContent, 'object');
      const long = await mcp('call', server, 'trigger-long-running-operation', '{"duration":1,"steps":2}');
      assert.match(long.stderr, /progress: 1 of 2\n(.|\n)*progress: 2 of 2/);
      assert.equal((await mcp('call', server, 'no-such-tool')).code, 1);
    });
  }

  test('a program sees what it is given and nothing else of ours', async () => {
    const { stdout } = await mcp('call', 'stdio', 'get-env');
    const seen = JSON.parse(JSON.parse(stdout).content[0].text);
    assert.equal(seen.GIVEN, 'yes');
    assert.deepEqual(Object.keys(seen).filter((name) => !['GIVEN', 'PATH', 'HOME'].includes(name)), []);
  });

  test('the modern era: pages, progress, arguments in headers', async () => {
    assert.match((await mcp('approve', 'modern')).stdout, /^modern speaks 2026-07-28\n/);
    assert.equal((await mcp('list', 'modern')).stdout.match(/^approved/gm).length, 12);
    assert.match((await mcp('call', 'modern', 'test_tool_with_progress')).stderr, /progress: 0 of 100\nprogress: 50 of 100\nprogress: 100 of 100\n/);
    assert.match((await mcp('call', 'modern', 'test_custom_header', '{"region":"Zürich "}')).stdout, /the header fits/);
    assert.equal((await mcp('call', 'modern', 'test_error_handling')).code, 1);
    assert.match((await mcp('call', 'modern', 'test_missing_capability')).stderr, /-32021/);
  });

  test('a tool that changes after its approval is not called', async () => {
    const file = path.join(data, 'mcp.approved.json');
    const pins = JSON.parse(readFileSync(file, 'utf8'));
    pins.modern.test_simple_text = pins.modern.test_simple_text.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
    writeFileSync(file, JSON.stringify(pins));
    assert.match((await mcp('list', 'modern')).stdout, /^CHANGED +test_simple_text$/m);
    assert.equal((await mcp('call', 'modern', 'test_simple_text')).code, 1);
    assert.equal((await mcp('approve', 'modern', 'test_simple_text')).code, 0);
    assert.equal((await mcp('call', 'modern', 'test_simple_text')).code, 0);
  });

  test('what does not work says why: an address of ours, no program, one that says nothing, no such server', async () => {
    for (const [server, code, text] of [['closed', 69, /closed: /], ['none', 69, /cannot be started/], ['silent', 69, /the server/], ['nobody', 64, /no such server/]]) {
      const result = await mcp('list', server);
      assert.equal(result.code, code, server);
      assert.match(result.stderr, text);
    }
  });
});
