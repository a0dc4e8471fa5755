// Tools as plugin actors through the real broker: built-in ones, hot add, edit, removal, and that a crash,
// a leak and an endless loop cost that tool alone (broker.md row 12).
import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Parley, isSanitized, until } from '../harness/parley.mjs';
import { callTool, folderOf, isTool, manifest, putPython, putTool, python, removeTool, rowOf } from '../harness/tools.mjs';

let parley;
// A conversation of the demo tenant, with one message that starts no turn.
async function conversationOf(address) {
  const [{ conversation_id: id }] = await parley.query("select open_conversation('demo', 'whatsapp', 'none', $1, '', '', '') as conversation_id", [address]);
  return id;
}
before(async () => { parley = await Parley.start({ whatsapp: false }); });
after(async () => { await parley?.stop(); });

describe('built-in tools', () => {
  test('a C plugin answers', async () => {
    await isTool(parley, 'current_time', 'ready');
    const { code, result } = await callTool(parley, 'current_time', { time_zone: 'Europe/Paris' });
    assert.equal(code, 0);
    assert.ok(Math.abs(result.unix_s - Date.now() / 1000) < 60);
    const hour = new Intl.DateTimeFormat('en-GB', { timeZone: 'Europe/Paris', hour: '2-digit' }).format(new Date(result.unix_s * 1000));
    assert.equal(result.time.slice(0, 2), hour);
    const bad = await callTool(parley, 'current_time', { time_zone: 'Europe/Atlantis' });
    assert.equal(bad.code, 1);
    assert.match(bad.text, /no such time zone/);
  });

  test('a record tool reads the tenant named by the caller, and no other', async () => {
    const { result } = await callTool(parley, 'list_projects', {});
    assert.ok(result.projects.length >= 3);
    assert.deepEqual(Object.keys(result.projects[0]).sort(), ['city', 'name', 'project_id', 'status']);
    const other = await callTool(parley, 'list_projects', {}, ['--tenant', 'nobody']);
    assert.deepEqual(other.result.projects ?? [], []);
  });

  test('the same step key files one incident', async () => {
    const args = { description: 'Water through the ceiling', severity: 'high' };
    const first = await callTool(parley, 'submit_incident_report', args, ['--step-key', 'turn-1/agent/1']);
    const again = await callTool(parley, 'submit_incident_report', args, ['--step-key', 'turn-1/agent/1']);
    assert.equal(first.code, 0);
    assert.deepEqual(again.result, first.result);
    const other = await callTool(parley, 'submit_incident_report', args, ['--step-key', 'turn-1/agent/2']);
    assert.notEqual(other.result.number, first.result.number);
    const rows = await parley.query('select count(*)::int as n from incidents where description = $1', [args.description]);
    assert.equal(rows[0].n, 2);
  });

  test('arguments outside the schema are refused by name', async () => {
    const { code, text } = await callTool(parley, 'submit_incident_report', { description: 'x', severity: 'huge' });
    assert.equal(code, 64);
    assert.match(text, /arguments\.(description|severity): /);
  });
});

describe('parley product', () => {
  const product = (...words) => parley.cli(['product', ...words]);
  const price = async (quantity) => (await callTool(parley, 'pricing', { product: 'zinc gutter', quantity })).result;

  test('a product is set, changed, translated and removed; customers are told what holds', async () => {
    await product('set', 'gutter', '--name', 'Zinc gutter', '--unit', 'metre', '--price', '38.50', '--currency', 'EUR');
    assert.equal((await price(2)).total, '77.00 EUR');
    await product('set', 'gutter', '--breaks', '10=35,50=31.25');
    assert.equal((await price(10)).total, '350.00 EUR');
    const { stdout } = await product('set', 'gutter', '--language', 'fr', '--name', 'Gouttière en zinc');
    assert.match(stdout, /gutter +38\.50 EUR {2}10=35\.00,50=31\.25\n {4}en Zinc gutter, a metre\n {4}fr Gouttière en zinc/);
    assert.match((await product()).stdout, /^gutter /m);
    await product('remove', 'gutter');
    assert.equal((await price(2)).is_known, false);
  });

  test('what is wrong is said with an example', async () => {
    for (const [words, said] of [
      [['set', 'gutter', '--price', '5'], /needs --name, --price and --currency \(example:/],
      [['set', 'demo-painting', '--price', '5,00'], /prices have a point.*\(example:/],
      [['set', 'demo-painting', '--currency', 'euro'], /three capital letters \(example:/],
      [['set'], /needs the product \(example:/], [['remove', 'gutter'], /no such product/], [['sell'], /list, set, remove/]]) {
      const { code, stderr } = await parley.cliAny(['product', ...words]);
      assert.notEqual(code, 0);
      assert.match(stderr, said);
    }
  });
});

describe('hot add', () => {
  test('a folder appears as a tool, an edit rolls it, its removal ends it', async () => {
    putPython(parley, 'echo', 'return {"text": "one " + text}');
    await isTool(parley, 'echo', 'ready');
    assert.deepEqual((await callTool(parley, 'echo', { text: 'a' })).result, { text: 'one a' });
    writeFileSync(path.join(folderOf(parley, 'echo'), 'echo.py'), python('return {"text": "two " + text}'));
    // Never an error in between: the old process answers until the new one is ready.
    await until('the new generation', async () => {
      const { code, result } = await callTool(parley, 'echo', { text: 'a' });
      assert.equal(code, 0);
      return result.text === 'two a';
    });
    assert.ok((await rowOf(parley, 'echo')).generation >= 2);
    removeTool(parley, 'echo');
    await isTool(parley, 'echo', 'none');
    const gone = await callTool(parley, 'echo', { text: 'a' });
    assert.equal(gone.code, 64);
    // And again, under the same name.
    putPython(parley, 'echo', 'return {"text": "three " + text}');
    await isTool(parley, 'echo', 'ready');
    assert.deepEqual((await callTool(parley, 'echo', { text: 'a' })).result, { text: 'three a' });
  });

  test('a wrong manifest is told with file, field and example; what ran goes on', async () => {
    putPython(parley, 'wrong', 'return {}', 'timeout: 5\n');
    const row = await isTool(parley, 'wrong', 'off');
    assert.match(row.error, /wrong\/tool\.yaml: timeout: is not known \(example: /);
    putTool(parley, 'wrong', { 'tool.yaml': manifest('wrong', ['python3', 'wrong.py']) });
    await isTool(parley, 'wrong', 'ready');
    putTool(parley, 'wrong', { 'tool.yaml': 'name: [\n' });
    await until('the error', async () => /wrong\/tool\.yaml:\d+: /.test((await rowOf(parley, 'wrong')).error));
    assert.equal((await callTool(parley, 'wrong', {})).code, 0);
    removeTool(parley, 'wrong');
  });

  test('permissions that no tool may have, and kits of others, are refused', async () => {
    putPython(parley, 'greedy', 'return {}', 'permissions: [persistence.turn_commit]\n');
    assert.match((await isTool(parley, 'greedy', 'off')).error, /no tool may call persistence\.turn_commit/);
    putTool(parley, 'squatter', { 'tool.yaml': manifest('squatter', undefined, 'kit: read\nrpc: list_tasks\n') });
    assert.match((await isTool(parley, 'squatter', 'off')).error, /kit and rpc are for the built-in tools/);
    removeTool(parley, 'greedy');
    removeTool(parley, 'squatter');
  });

  test('a result outside its schema and an exception are errors of that call alone', async () => {
    putPython(parley, 'liar', 'if text == "raise":\n    raise RuntimeError("no")\nif text == "no":\n    raise ToolError("Ask otherwise.")\nreturn {"text": text}');
    await isTool(parley, 'liar', 'ready');
    assert.equal((await callTool(parley, 'liar', { text: 'raise' })).code, 69);
    const no = await callTool(parley, 'liar', { text: 'no' });
    assert.deepEqual([no.code, no.text], [1, 'Ask otherwise.']);
    assert.equal((await callTool(parley, 'liar', { text: 'x' })).result.text, 'x');
    removeTool(parley, 'liar');
  });
});

describe('parley tool new and test', () => {
  for (const language of ['python', 'c', 'node'])
    test(`a tool in ${language} works as it is made, and passes the conformance suite`, { timeout: 120000 }, async () => {
      const name = `made_in_${language}`;
      await parley.cli(['tool', 'new', name, '--lang', language]);
      await isTool(parley, name, 'ready', 60000);
      assert.deepEqual((await callTool(parley, name, { city: 'Lyon' })).result, { summary: 'It is sunny in Lyon.' });
      assert.match((await callTool(parley, name, { city: 'Atlantis' })).text, /no weather in Atlantis/);
      const { stdout } = await parley.cli(['tool', 'test', name], { timeout: 90000 });
      assert.match(stdout, /8 passed, 0 failed/);
      removeTool(parley, name);
    });

  test('the suite finds a tool that lies', async () => {
    putTool(parley, 'liar2', {
      'tool.yaml': manifest('liar2', ['python3', 'liar2.py'], 'examples: [{arguments: {text: a}, result: {text: a}}]\n'),
      'liar2.py': python('return {"text": "b"}'),
    });
    await isTool(parley, 'liar2', 'ready');
    const { code, stdout } = await parley.cliAny(['tool', 'test', 'liar2']);
    assert.equal(code, 1);
    assert.match(stdout, /not ok 4 - its examples.*\n.*is not that of the example/);
    removeTool(parley, 'liar2');
  });

  test('every built-in tool passes the conformance suite', { timeout: 120000 }, async () => {
    const conversation = await conversationOf('491700000001');
    const { tools } = JSON.parse((await parley.cli(['tool', 'list', '--json'])).stdout);
    const builtin = tools.filter((row) => row.is_builtin).map((row) => row.name);
    assert.equal(builtin.length, 16);
    const killed = new Set(); // of a kit once: they share a process, and five deaths in 30 s park it
    for (const name of builtin) {
      const kit = JSON.parse(tools.find((row) => row.name === name).card).kit;
      const { stdout } = await parley.cliAny(['tool', 'test', name, '--conversation', conversation, ...(killed.has(kit) ? ['--no-kill'] : [])]);
      killed.add(kit);
      assert.match(stdout, /8 passed, 0 failed/, `${name}\n${stdout}`);
    }
    assert.equal(typeof (await callTool(parley, 'get_business_hours', {})).result.is_open, 'boolean');
    assert.match((await callTool(parley, 'get_task_description', { task_id: 'demo-task-3' })).result.description, /Tuiles/);
    assert.equal((await callTool(parley, 'get_task_description', { task_id: 'nothing' })).code, 1);
  });

  test('a price comes in the language of the customer; what is not known comes with its nearest', async () => {
    const { result } = await callTool(parley, 'pricing', { product: 'Innenanstrich', quantity: 60 }, ['--language', 'de']);
    assert.deepEqual([result.total, result.break_from, result.unit, result.lines.length], ['1.350,00 EUR', 50, 'm²', 1]);
    assert.equal((await callTool(parley, 'pricing', { product: 'a submarine' })).result.nearest.length, 6);
  });

  test('a tool for staff refuses a customer, built in or not', async () => {
    assert.equal((await callTool(parley, 'search_contacts', { text: 'Martin' })).code, 0);
    assert.match((await callTool(parley, 'search_contacts', { text: 'Martin' }, ['--role', 'customer'])).text, /people of the business/);
    putPython(parley, 'inside', 'return {"text": call.role}', 'audience: staff\n');
    await isTool(parley, 'inside', 'ready');
    assert.equal((await callTool(parley, 'inside', {})).result.text, 'staff');
    assert.match((await callTool(parley, 'inside', {}, ['--role', 'customer'])).text, /people of the business/);
    removeTool(parley, 'inside');
  });

  test('a tenant whose projects are in another system does not get those of Parley', async () => {
    await parley.query(`insert into org_integrations (tenant_id, integration_id, kind, config)
                        values ('elsewhere', 'site', 'projects', '{"provider": "planradar"}')`);
    const { code, text } = await callTool(parley, 'list_projects', {}, ['--tenant', 'elsewhere']);
    assert.equal(code, 69);
    assert.match(text, /INTEGRATION_3007/);
    assert.equal((await callTool(parley, 'list_projects', {})).code, 0);
  });
});

describe('what goes wrong costs that tool alone', () => {
  const bad = {
    crash: 'import os\nos.kill(os.getpid(), 11) if text else None\nreturn {}',
    loop: 'while text:\n    pass\nreturn {}',
    leak: 'kept = []\nwhile text:\n    kept.append(bytearray(1 << 20))\nreturn {}',
  };
  for (const [name, body] of Object.entries(bad))
    test(`a ${name}`, { skip: isSanitized && name === 'leak' }, async () => {
      putPython(parley, name, body, 'limits: {memory_mb: 64}\n');
      await isTool(parley, name, 'ready');
      assert.equal((await callTool(parley, name, {})).code, 0);
      assert.notEqual((await callTool(parley, name, { text: 'now' })).code, 0);
      assert.equal((await callTool(parley, 'current_time', {})).code, 0, 'others answer');
      await isTool(parley, name, 'ready');
      assert.equal((await callTool(parley, name, {})).code, 0, 'it is back');
      removeTool(parley, name);
    });

  test('one that always crashes is parked, by name, with the reason', async () => {
    putTool(parley, 'hopeless', { 'tool.yaml': manifest('hopeless', ['python3', 'hopeless.py']), 'hopeless.py': 'raise SystemExit(3)\n' });
    const row = await isTool(parley, 'hopeless', 'parked', 60000);
    assert.match(row.error, /exit 3/);
    assert.equal((await callTool(parley, 'current_time', {})).code, 0);
    removeTool(parley, 'hopeless');
    await isTool(parley, 'hopeless', 'none');
  });

  test('a folder that is moved in whole is a tool at once', async () => {
    putTool(parley, '.moved', { 'tool.yaml': manifest('moved', ['python3', 'moved.py']), 'moved.py': python('return {"text": call.step_key}') });
    renameSync(folderOf(parley, '.moved'), folderOf(parley, 'moved'));
    await isTool(parley, 'moved', 'ready');
    assert.equal((await callTool(parley, 'moved', {}, ['--step-key', 'k/1'])).result.text, 'k/1');
  });
});
