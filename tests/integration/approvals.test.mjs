// What the agent may do with tools is decided outside the model: rules, limits, and a person where one is wanted. A turn
// that waits for a person goes on when the person has decided, and does what was approved once.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { ModelSim } from '../harness/models.mjs';
import { freePort, Parley, Sim, until } from '../harness/parley.mjs';
import { callTool } from '../harness/tools.mjs';

const adminPort = await freePort();
const token = 'a-token-for-approvals-123';

describe('tools behind a policy', () => {
  let sim, model, parley, last = 0;
  before(async () => {
    sim = await Sim.start();
    model = await ModelSim.start();
    parley = await Parley.start({ sim, adminPort, env: {
      X_ADMIN_TOKEN: token,
      PARLEY_ALLOW_PRIVATE_ADDRESSES: 'true', A_KEY: 'sk-test', PARLEY_TYPING_AFTER_MS: '-1', PARLEY_WATCH_MS: '200', PARLEY_MEMORY: 'false',
      OPENAI_API_KEY: '', OPENAI_BASE_URL: '', OPENAI_MODEL: '' } });
    await parley.cli(['model', 'set', '--role', 'agent', '--provider', 'main', '--dialect', 'openai_compatible', '--model', 'big',
      '--base-url', `${model.url}/v1`, '--key-env', 'A_KEY']);
  });
  after(async () => {
    await parley?.stop();
    await model?.stop();
    await sim?.stop();
  });

  const api = (method, path, body) => fetch(`http://127.0.0.1:${adminPort}${path}`, {
    method, headers: { authorization: `Bearer ${token}` }, body: body && JSON.stringify(body) });
  const rule = (...words) => parley.cli(['tool', 'rule', ...words]);
  const plan = (text) => ({ tools: [{ name: 'decide', arguments: { decision: 'RESPOND', reason: 'a test', plan: text } }] });
  const report = (description) => ({ tools: [{ name: 'submit_incident_report', arguments: { description, severity: 'low' } }] });
  const textsTo = async (from, count = 1) => (await sim.waitFor(from, count)).map((row) => row.body);
  const asked = async () => JSON.stringify((await model.ledger()).map((row) => JSON.parse(row.body).messages));
  const incidents = async (text) => (await parley.query('select 1 from incidents where description = $1', [text])).length;
  const executions = (from) => parley.query(`select e.tool, e.outcome, e.reason from tool_executions e
    join conversations c using (tenant_id, conversation_id) where c.address = $1 order by e.started_at`, [from]);
  const waiting = () => until('an approval', async () => JSON.parse((await parley.cli(['approve', '--json'])).stdout).approvals?.[0]);

  async function say(from, text, ...script) {
    await model.reset();
    await model.script(...script);
    await parley.say(from, text);
    return from;
  }
  const tell = (text, ...script) => say(`3368${String(++last).padStart(7, '0')}`, text, ...script);

  test('a person approves: done once, and the conversation goes on', async () => {
    await rule('submit_incident_report', 'approve');
    const from = await tell('zxcv the gate squeaks', report('lift stuck'));
    assert.equal((await textsTo(from)).length, 1);
    const approval = await waiting();
    assert.deepEqual([approval.tool, approval.address, approval.reason], ['submit_incident_report', from, 'rule']);
    assert.match(approval.arguments, /lift stuck/);
    assert.equal(await incidents('lift stuck'), 0);
    assert.match((await parley.cli(['approve'])).stdout, /submit_incident_report/);
    await model.reset();
    await model.script(plan('Reported.'), { text: 'I have reported the lift.' });
    assert.match((await parley.cli(['approve', approval.approval_id])).stdout, /is approved/);
    assert.equal((await textsTo(from, 2))[1], 'I have reported the lift.');
    assert.equal(await incidents('lift stuck'), 1);
    assert.match(await asked(), /before_1/);
    assert.deepEqual((await executions(from)).map((row) => row.outcome), ['waiting', 'ok']);
    assert.match((await parley.cliAny(['approve', approval.approval_id])).stderr, /nothing of the id/);
    assert.match((await parley.cli(['approve'])).stdout, /Nothing waits/);
    assert.equal((await parley.query("select 1 from system_alerts where kind = 'approval' and resolved_at is null")).length, 0);
  });

  test('killed after the word of the person: still once', async () => {
    const from = await tell('zxcv the door squeaks', report('door squeaks'));
    await textsTo(from);
    const approval = await waiting();
    await model.reset();
    await model.script({ ...plan('Reported.'), delay_ms: 1500 }, plan('Reported.'), { text: 'I have reported it.', times: 2 });
    await parley.cli(['approve', approval.approval_id]);
    await until('the call', async () => (await incidents('door squeaks')) === 1);
    process.kill(await parley.pidOf('agent'), 'SIGKILL');
    assert.equal((await textsTo(from, 2))[1], 'I have reported it.');
    assert.equal(await incidents('door squeaks'), 1);
  });

  test('denied in the console, and the model is told why', async () => {
    const from = await tell('zxcv there is a cat', report('a cat'));
    await textsTo(from);
    const approval = await waiting();
    await model.reset();
    await model.script(plan('No.'), { text: 'We do not report cats.' });
    const answer = await api('POST', `/api/v1/approvals/${approval.approval_id}/deny`, { note: 'cats are fine' });
    assert.equal(answer.status, 200);
    assert.equal((await textsTo(from, 2))[1], 'We do not report cats.');
    assert.match(await asked(), /cats are fine/);
    assert.equal(await incidents('a cat'), 0);
    assert.equal((await parley.query("select 1 from audit_log where action = 'denyCall'")).length, 1);
  });

  test('nobody decides: the turn goes on without it', async () => {
    const from = await tell('zxcv there is fog', report('fog'));
    await textsTo(from);
    await waiting();
    await model.reset();
    await model.script(plan('Not yet.'), { text: 'A colleague will write to you.' });
    await parley.query("update tool_approvals set expires_at = now() where state = 'pending'");
    await textsTo(from, 2);
    assert.match(await asked(), /Nobody has approved/);
    assert.equal(await incidents('fog'), 0);
  });

  test('the customer writes meanwhile; the word of the person comes later', async () => {
    const from = await tell('zxcv so much mist', report('mist'));
    await textsTo(from);
    const approval = await waiting();
    await say(from, 'zxcv how long will it take', plan('Soon.'), { text: 'A colleague is looking at it.' });
    assert.equal((await textsTo(from, 2))[1], 'A colleague is looking at it.');
    assert.match(await asked(), /has not decided yet/);
    await model.reset();
    await model.script(plan('Done.'), { text: 'I have reported the smoke.' });
    await parley.cli(['approve', approval.approval_id]);
    assert.equal((await textsTo(from, 3))[2], 'I have reported the smoke.');
    assert.equal(await incidents('mist'), 1);
  });

  test('rules and limits of a day', async () => {
    await rule('submit_incident_report', 'allow', '--per-contact-day', '1');
    await rule('list_projects', 'deny');
    assert.match((await parley.cli(['tool', 'rules'])).stdout, /list_projects +deny/);
    const from = await tell('zxcv two reports', report('one'), report('two'),
      { tools: [{ name: 'list_projects', arguments: {} }] }, plan('One is done.'), { text: 'One of them.' });
    await textsTo(from);
    assert.deepEqual(await executions(from), [
      { tool: 'submit_incident_report', outcome: 'ok', reason: '' },
      { tool: 'submit_incident_report', outcome: 'refused', reason: 'contact_day' },
      { tool: 'list_projects', outcome: 'refused', reason: 'not_allowed' }]);
    assert.deepEqual([await incidents('one'), await incidents('two')], [1, 0]);
    const offered = JSON.parse((await model.ledger())[0].body).tools.map((tool) => tool.function.name);
    assert.ok(!offered.includes('list_projects'));
    assert.match((await parley.cli(['tool', 'log', '--outcome', 'refused'])).stdout, /list_projects.*\(not_allowed\)/);
    const rows = await (await api('GET', '/api/v1/tool-executions?tenant=demo&tool=list_projects')).json();
    assert.equal(rows.executions[0].outcome, 'refused');
    await rule('list_projects', 'default');
  });

  test('what the agent did is counted, and a replay counts nothing', async () => {
    const counts = async () => {
      const text = await (await api('GET', '/metrics')).text();
      return Object.fromEntries([...text.matchAll(/^\S*?((?:answers|decisions|model_questions|tool_calls)_\w+)\{service="agent"[^}]*\} (\d+)$/gm)].map((row) => [row[1], Number(row[2])]));
    };
    const seen = await until('the counters', async () => {
      const now = await counts();
      return now.tool_calls_refused_total >= 2 && now;
    });
    assert.equal(Object.keys(seen).length, 15, Object.keys(seen).join());
    // One agent was killed on the way, and what it had counted went with it.
    for (const name of ['answers_respond_total', 'answers_wait_total', 'model_questions_total', 'tool_calls_ok_total', 'tool_calls_waiting_total']) assert.ok(seen[name] > 0, name);
    assert.equal(seen.answers_failed_total, 0);
    await parley.cli(['replay', '--all', '--max', '1000'], { timeout: 60000 });
    await textsTo(await tell('zxcv so much dust', plan('Greet.'), { text: 'Here I am.' }));
    const later = await until('the next answer', async () => {
      const now = await counts();
      return now.answers_respond_total > seen.answers_respond_total && now;
    });
    assert.deepEqual(later, { ...seen, answers_respond_total: seen.answers_respond_total + 1, model_questions_total: seen.model_questions_total + 2 });
  });

  test('all of it is replayed byte for byte', async () => {
    const { stdout } = await parley.cli(['replay', '--all', '--max', '1000', '--diff'], { timeout: 60000 });
    assert.match(stdout, / 0 different, 0 failed/, stdout.slice(0, 4000));
  });
});

// With all looking put off for minutes: what is committed is said to whoever it is work for.
describe('nobody has to look', () => {
  let sim, model, parley, hook;
  const posts = [];
  before(async () => {
    sim = await Sim.start();
    model = await ModelSim.start();
    hook = createServer((request, response) => {
      request.resume().on('end', () => response.writeHead(posts.push(request.headers) && 204).end());
    });
    await new Promise((resolve) => hook.listen(0, '127.0.0.1', resolve));
    parley = await Parley.start({ sim, env: {
      PARLEY_ALLOW_PRIVATE_ADDRESSES: 'true', A_KEY: 'sk-test', PARLEY_TYPING_AFTER_MS: '-1',
      PARLEY_WATCH_MS: '600000', PARLEY_SWEEP_MS: '60000', PARLEY_IDLE_CLAIM_MS: '60000', PARLEY_NOTIFY_LOOK_MS: '600000',
      OPENAI_API_KEY: '', OPENAI_BASE_URL: '', OPENAI_MODEL: '' } });
    await parley.cli(['model', 'set', '--role', 'agent', '--provider', 'main', '--dialect', 'openai_compatible', '--model', 'big',
      '--base-url', `${model.url}/v1`, '--key-env', 'A_KEY']);
  });
  after(async () => {
    hook.closeAllConnections();
    hook.close();
    await parley?.stop();
    await model?.stop();
    await sim?.stop();
  });

  test('a turn goes on when a person has decided', async () => {
    const from = '33690000001';
    await parley.cli(['tool', 'rule', 'submit_incident_report', 'approve']);
    await model.script({ tools: [{ name: 'submit_incident_report', arguments: { description: 'a hole', severity: 'low' } }] });
    await parley.say(from, 'zxcv there is a hole');
    await sim.waitFor(from, 1);
    const approval = await until('an approval', async () => JSON.parse((await parley.cli(['approve', '--json'])).stdout).approvals?.[0]);
    await model.reset();
    await model.script({ tools: [{ name: 'decide', arguments: { decision: 'RESPOND', reason: 'a test', plan: 'Done.' } }] }, { text: 'It is reported.' });
    await parley.cli(['approve', approval.approval_id]);
    assert.equal((await sim.waitFor(from, 2))[1].body, 'It is reported.');
  });

  test('the owner is told: a webhook, and their own conversation', async () => {
    await parley.cli(['integration', 'set', 'hook', '--kind', 'webhook', '--url', `http://127.0.0.1:${hook.address().port}/in`]);
    await parley.cli(['integration', 'set', 'chat', '--kind', 'channel', '--config', '{"address": "33690000001"}']);
    const before = (await sim.waitFor('33690000001', 2)).length;
    await callTool(parley, 'contact_owner', { subject: 'A large order' });
    await until('the webhook', () => posts.length > 0);
    assert.match((await sim.waitFor('33690000001', before + 1)).at(-1).body, /^A large order/);
  });
});
