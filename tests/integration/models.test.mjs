// The model gateway through a real Parley: providers set by the command line, keys sealed, every dialect, an
// emulator that is not ours, storms, spend limits at their edge, many calls at a time.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Aimock, ModelSim, costOf, modelLoad } from '../harness/models.mjs';
import { isSanitized, Parley, Sim, until } from '../harness/parley.mjs';

const secretKey = 'sk-a-key-of-this-test-only-4711';

describe('the model gateway', () => {
  let parley, sim, graph;
  before(async () => {
    sim = await ModelSim.start();
    graph = await Sim.start();
    parley = await Parley.start({ sim: graph, env: {
      PARLEY_ALLOW_PRIVATE_ADDRESSES: 'true', A_KEY: secretKey, OPENAI_API_KEY: '', OPENAI_BASE_URL: '', OPENAI_MODEL: '',
      PARLEY_MODEL_CONCURRENCY: '2048' } });
  });
  after(async () => {
    await parley?.stop();
    await sim?.stop();
    await graph?.stop();
  });

  const set = (dialect, model, base = sim.url, more = []) => parley.cli(['model', 'set', '--role', 'agent', '--provider', dialect,
    '--dialect', dialect, '--model', model, '--base-url', base, '--key-env', 'A_KEY', ...more]);
  const ask = async (text, more = []) => (await parley.cli(['model', 'test', '--text', text, ...more])).stdout;

  test('without a provider answers what is built in', async () => {
    assert.match((await parley.cli(['model'])).stdout, /^agent +1 builtin/m);
    assert.match(await ask('hello'), /builtin builtin: end/);
  });

  for (const [dialect, model, base] of [['anthropic', 'claude-haiku-5-5', ''], ['openai', 'gpt-6-luna', '/v1'],
    ['openai_compatible', 'gpt-5.4-mini', '/v1/'], ['gemini', 'gemini-3.8-flash', '/v1beta']])
    test(`speaks ${dialect}, whole and streamed, and records what it cost`, async () => {
      await set(dialect, model, sim.url + base);
      for (const more of [[], ['--stream']]) {
        const output = await ask(`hello ${dialect}`, more);
        assert.match(output, new RegExp(`^echo: hello ${dialect}\n${dialect} ${model}: end in \\d+ ms, 1 requests`));
        assert.match(output, /tokens 10 in \(0 cached\), 5 out, 0\.0000\d+ USD/);
      }
      const rows = await until('two usage rows', async () => {
        const found = await parley.query("select outcome, cost_micro_usd from model_usage where provider = $1", [dialect]);
        return found.length === 2 && found;
      });
      assert.ok(rows.every((row) => row.outcome === 'ok' && Number(row.cost_micro_usd) > 0));
    });

  test('keeps keys sealed, and out of logs and arguments', async () => {
    assert.ok((await sim.ledger()).some((row) => row.auth.includes(secretKey)), 'the provider got it');
    for (const { api_key } of await parley.query('select api_key from model_providers')) assert.match(api_key, /^v1:/);
    const log = path.join(parley.data, 'log');
    for (const name of readdirSync(log)) assert.ok(!readFileSync(path.join(log, name)).includes(secretKey), name);
    const pid = await parley.pidOf('model');
    assert.ok(!readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(secretKey));
    assert.ok(!(await parley.cli(['model', 'list'])).stdout.includes(secretKey));
  });

  test('an emulator that is not ours answers through every dialect', async () => {
    const fixtures = path.join(parley.data, 'aimock.json');
    writeFileSync(fixtures, JSON.stringify({ fixtures: [{ match: { userMessage: 'opening' }, response: { content: 'We open at nine.' } }] }));
    const aimock = await Aimock.start(fixtures, 20000 + ((process.pid + 7) % 20000));
    try {
      for (const [dialect, model, base] of [['anthropic', 'claude-haiku-5-5', ''], ['openai', 'gpt-6-luna', '/v1'],
        ['openai_compatible', 'qwen3', '/v1'], ['gemini', 'gemini-3.8-flash', '/v1beta']]) {
        await set(dialect, model, aimock.url + base);
        for (const more of [[], ['--stream']])
          assert.match(await ask('When is your opening hour?', more), new RegExp(`^We open at nine.\n${dialect} ${model}: end`));
      }
    } finally {
      await aimock.stop();
    }
  });

  test('the next provider answers for one in a storm, and the breaker is shown', async () => {
    await set('anthropic', 'claude-haiku-5-5');
    await set('gemini', 'gemini-3.8-flash', sim.url + '/v1beta', ['--position', '2']);
    await sim.reset();
    await sim.script({ match: 'max_tokens', status: 529, error: 'overloaded_error', times: 0 });
    const load = await modelLoad(parley, { calls: 200, parallel: 20 });
    assert.deepEqual([load.ok, load.failed], [200, {}]);
    const asked = (await sim.ledger()).filter((row) => row.path.includes('/messages')).length;
    assert.ok(asked <= 40, `${asked} requests to the one in the storm`);
    assert.match((await parley.cli(['model'])).stdout, /^agent +1 anthropic .* (open|probing)/m);
    await sim.reset();
    await until('the first provider answers again', async () => /^anthropic /m.test(await ask('hi')), 10000);
    await parley.cli(['model', 'unset', '--role', 'agent', '--position', '2']);
  });

  // Each call costs 8,192 tokens at most, reserved; 200 at a time at the limit's edge never spend more than
  // it plus one call.
  test('a spend limit holds against 200 parallel calls', async () => {
    await set('anthropic', 'claude-haiku-5-5', sim.url, ['--options', 'max_output_tokens=1000,input_price=1000000,output_price=1000000']);
    await parley.query('delete from model_spend');
    await parley.cli(['model', 'limit', '--day', '0.10', '--conversation', '0.05']);
    await sim.reset();
    await sim.script({ text: 'x', usage: { input: 100, output: 4900 }, times: 0 }); // 5,000 micro-dollars a call
    const one = await modelLoad(parley, { calls: 200, parallel: 200, conversation: 'c-1' });
    const spent = async (conversation) => Number((await parley.query('select coalesce(sum(amount_micro_usd), 0) as n from model_spend where conversation_id = $1', [conversation]))[0].n);
    await until('settled', async () => (await parley.query("select count(*)::int as n from model_usage where state = 'reserved'"))[0].n === 0);
    assert.equal(one.failed.USER_1003, 200 - one.ok);
    assert.ok(one.ok >= 1 && (await spent('c-1')) <= 50000 + 5000, `${one.ok} calls, ${await spent('c-1')}`);
    const others = await modelLoad(parley, { calls: 200, parallel: 200, conversation: 'c-2' });
    await until('settled', async () => (await parley.query("select count(*)::int as n from model_usage where state = 'reserved'"))[0].n === 0);
    assert.ok(others.ok >= 1 && (await spent('')) <= 100000 + 5000, `${others.ok} calls, ${await spent('')}`);
    assert.equal((await sim.stats()).requests, one.ok + others.ok, 'nothing was sent for what was refused');
    await parley.cli(['model', 'limit', '--day', '0', '--conversation', '0']);
  });

  // A customer says something that only the agent can answer; its turn, when the answer has arrived.
  const tell = async (from, text, count = 1) => {
    await parley.say(from, text);
    await graph.waitFor(from, count);
    return (await parley.query(`select t.* from turns t join conversations c using (tenant_id, conversation_id)
      where $1 in (c.address, c.phone) order by t.fence desc limit 1`, [from]))[0];
  };

  test('in a storm customers get the answer of the ladder, and soon after it the model again', async () => {
    await set('openai_compatible', 'gpt-5.4-mini', `${sim.url}/v1`);
    await sim.reset();
    await sim.script({ status: 529, error: 'overloaded_error', times: 0 });
    const customers = Array.from({ length: 20 }, (_, i) => `3369900${String(1000 + i)}`);
    const turns = await Promise.all(customers.map((from, i) => tell(from, `zxcv qwrt ${i} vbnm`)));
    assert.deepEqual(turns.filter((turn) => turn.path.startsWith('agent') || turn.outbox_count < 1 || turn.error_code !== 'INTEGRATION_3002'), []);
    const asked = (await sim.stats()).requests;
    assert.ok(asked <= customers.length * 1.1, `${asked} requests for ${customers.length} customers`);
    await sim.reset();
    const over = Date.now();
    let tries = 0;
    await until('the model answers again', async () => (await tell(`3369900${String(2000 + ++tries)}`, 'zxcv qwrt vbnm')).path === 'agent', 20000);
    console.log(`    storm: ${asked} requests for ${customers.length} customers; the model again ${Date.now() - over} ms after it`);
  });

  test('what a conversation may cost ends its turns with the model, not its answers', async () => {
    await set('openai_compatible', 'gpt-5.4-mini', `${sim.url}/v1`, ['--options', 'max_output_tokens=1000,input_price=1000000,output_price=1000000']);
    await parley.query('delete from model_spend');
    await parley.cli(['model', 'limit', '--day', '0', '--conversation', '0.02']);
    await sim.reset();
    await sim.script({ text: 'It is so.', usage: { input: 100, output: 4900 }, times: 0 }); // 5,000 micro-dollars a call
    const from = '33699003000';
    const paths = [];
    for (let i = 1; i <= 5; i++) paths.push((await tell(from, `zxcv qwrt ${i} vbnm`, i)).path);
    assert.equal(paths[0], 'agent');
    assert.ok(!paths.at(-1).startsWith('agent'), paths.join());
    const { conversation_id } = (await parley.query('select conversation_id from conversations where $1 in (address, phone)', [from]))[0];
    const [{ spent }] = await parley.query("select sum(amount_micro_usd)::int as spent from model_spend where conversation_id = $1", [conversation_id]);
    assert.ok(spent > 0 && spent <= 20000 + 5000, `${spent}`);
    const before = (await sim.stats()).requests;
    assert.ok(!(await tell(from, 'zxcv once more vbnm', 6)).path.startsWith('agent'));
    assert.equal((await sim.stats()).requests, before, 'nothing is sent for what is refused');
    await parley.cli(['model', 'limit', '--day', '0', '--conversation', '0']);
  });

  test('holds many slow calls at a time', async () => {
    const calls = isSanitized ? 100 : 1000;
    await set('openai_compatible', 'gpt-5.4-mini', sim.url + '/v1');
    await sim.reset();
    await sim.script({ text: 'slow', delay_ms: 4000, times: 0 });
    const pid = await parley.pidOf('model');
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, costOf(pid).rss)), 200);
    const load = await modelLoad(parley, { calls, parallel: calls, 'budget-ms': 50000 });
    clearInterval(watch);
    assert.deepEqual([load.ok, load.failed], [calls, {}]);
    assert.equal((await sim.stats()).open_max, calls);
    console.log(`    ${calls} calls of 4 s: ${most.toFixed(1)} MB resident, lag p99 ${load.lag_p99_ms} ms`);
    if (!isSanitized) assert.ok(most <= 60, `${most} MB`);
  });
});
