// up, down, settings, two instances.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { freePort, Parley } from '../harness/parley.mjs';

describe('an instance', () => {
  test('starts twice by saying so, runs beside another, and leaves nothing behind', async () => {
    const one = await Parley.start({ whatsapp: false });
    const two = await Parley.start({ whatsapp: false });
    try {
      assert.match(await one.up(), /already running/);
      assert.notEqual(one.port, two.port);
      assert.match((await one.cli(['chat'], { input: 'hello\n' })).stdout, /\S/);
      assert.match((await two.cli(['chat'], { input: 'bonjour\n' })).stdout, /\S/);
    } finally {
      await one.stop({ keep: true });
      await two.stop();
    }
    assert.throws(() => execFileSync('pgrep', ['-f', one.data]), 'a process is left');
    assert.equal(existsSync(path.join(one.data, 'run')), false, 'the run folder is left');
    // and it starts again with its data
    await one.up();
    delete one.pool;
    assert.equal((await one.query('select count(*)::int as n from inbox'))[0].n, 1);
    await one.stop();
  });

  test('shows health, metrics and, with the token, its status on the admin port', async () => {
    const adminPort = await freePort();
    const token = 'a-token-of-this-test-only';
    const parley = await Parley.start({ whatsapp: false, adminPort, env: { X_ADMIN_TOKEN: token } });
    try {
      const get = (path, headers) => fetch(`http://127.0.0.1:${adminPort}${path}`, { headers });
      assert.equal((await get('/healthz')).status, 200);
      const metrics = await (await get('/metrics')).text();
      assert.match(metrics, /^# TYPE parley_up gauge$/m);
      assert.match(metrics, /^parley_up\{service="session",instance="session-1"\} 1$/m);
      assert.equal((await get('/api/status')).status, 401);
      assert.equal((await get('/api/status', { 'x-admin-token': token + 'x' })).status, 401);
      const status = await (await get('/api/status', { 'x-admin-token': token })).json();
      assert.ok(status.instances.some((row) => row.instance === 'ingress-1'));
      assert.equal((await get('/nothing')).status, 404);
      assert.equal((await fetch(`http://127.0.0.1:${adminPort}/metrics`, { method: 'POST' })).status, 405);
    } finally {
      await parley.stop();
    }
  });

  const cases = [
    ['WH_PHONE_ID', { WH_PHONE_ID: 'abc' }, /WH_PHONE_ID must be digits/],
    ['WH_APP_SECRET', { WH_APP_SECRET: 'short' }, /WH_APP_SECRET must be 32/],
    ['a missing one of four', { WH_TOKEN: 'x' }, /VERIFY_TOKEN is missing.*example/],
    ['DATABASE_URL', { DATABASE_URL: 'mysql://x' }, /DATABASE_URL must begin with postgresql/],
    ['GRAPH_API_BASE', { GRAPH_API_BASE: 'ftp://x' }, /GRAPH_API_BASE must begin with http/],
    ['X_ADMIN_TOKEN', { X_ADMIN_TOKEN: 'short' }, /X_ADMIN_TOKEN must have at least 16/],
    ['OPENAI_BASE_URL', { OPENAI_BASE_URL: 'localhost' }, /OPENAI_BASE_URL must begin with http/],
  ];
  for (const [name, env, expected] of cases)
    test(`a bad setting stops up with one line: ${name}`, async () => {
      const parley = new Parley();
      parley.data = '/nonexistent/parley';
      parley.env = { ...process.env, ...env, PARLEY_SOURCE: '/tmp' };
      const { stderr } = await parley.cli(['up'], { code: 78 });
      assert.match(stderr, expected);
      assert.equal(stderr.trim().split('\n').length, 1);
    });

  test('commands explain themselves when nothing runs or the use is wrong', async () => {
    const parley = new Parley();
    parley.data = '/tmp/parley-that-does-not-exist';
    parley.env = process.env;
    assert.match((await parley.cli(['status'], { code: 69 })).stderr, /nothing is running/);
    assert.match((await parley.cli(['chat'], { code: 69, input: 'x\n' })).stderr, /nothing is running/);
    assert.match((await parley.cli(['up', '--port', 'x'], { code: 64 })).stderr, /--port/);
    assert.match((await parley.cli(['up', '--wrong'], { code: 64 })).stderr, /unknown option/);
    assert.match((await parley.cli(['handback'], { code: 64 })).stderr, /--from/);
    assert.match((await parley.cli(['nonsense'], { code: 64 })).stderr, /no command/);
    assert.match((await parley.cli(['--help'])).stdout, /understand/);
  });
});
