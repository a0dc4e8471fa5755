// parley deadletters on a real stack: list, show, edit, retry, drop.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Parley } from '../harness/parley.mjs';

describe('parley deadletters', () => {
  let parley;
  before(async () => {
    parley = await Parley.start({ whatsapp: false });
  });
  after(() => parley?.stop());

  // A call as the broker puts it: a body that its service cannot read ("text" is a number).
  async function letter(body, trace) {
    const rows = await parley.query(
      `insert into dead_letters (tenant_id, kind, body_digest, reason, body, service, method, attempts, causes, last_worker, trace)
       values ('demo', 'call', gen_random_uuid(), 'SYSTEM_5012', $1, 'session', 'understand', 3,
               E'900 ms before, session-1: worker_lost\\n400 ms before, session-1: worker_lost', 'session-1', $2)
       returning dead_letter_id`, [body, trace ?? '']);
    return rows[0].dead_letter_id;
  }
  const run = (args, options) => parley.cli(['deadletters', ...args.map(String)], options);

  test('says that nothing is there', async () => {
    assert.match((await run([])).stdout, /No dead letter is open/);
    assert.match((await run(['show', 999], { code: 69 })).stderr, /no open letter 999/);
  });

  test('row 4: a poison letter is looked at, mended, sent again, and is settled then', async () => {
    const id = await letter('81a47465787407');
    const list = (await run(['list'])).stdout;
    assert.match(list, new RegExp(`^ +${id} {2}\\S+Z {2}call +demo +session\\.understand {2}3 attempts {2}SYSTEM_5012$`, 'm'));
    const shown = (await run(['show', id])).stdout;
    assert.match(shown, /^cause +900 ms before, session-1: worker_lost$/m);
    assert.match(shown, /^\{"text":7\}$/m);
    assert.match((await run(['retry', id], { code: 69 })).stderr, /failed again.*mend it/);

    const file = path.join(parley.data, 'body.json');
    writeFileSync(file, '{"text":');
    assert.match((await run(['edit', id, '--file', file], { code: 64 })).stderr, /one JSON object; nothing was changed/);
    writeFileSync(file, '{"text":"bonjour"}');
    assert.match((await run(['edit', id, '--file', file])).stdout, new RegExp(`parley deadletters retry ${id}`));
    assert.match((await run(['retry', id])).stdout, /sent again and answered/);
    assert.match((await run([])).stdout, /No dead letter is open/);
    const [row] = await parley.query('select resolution, resolved_at from dead_letters where dead_letter_id = $1', [id]);
    assert.equal(row.resolution, 'retried');
    assert.match((await run(['list', '--all'])).stdout, /retried$/m);
    assert.match((await run(['retry', id], { code: 69 })).stderr, /no open letter/);
  });

  test('the body is edited in $EDITOR', async () => {
    const id = await letter('81a474657874a26869');
    parley.env = { ...parley.env, VISUAL: '', EDITOR: "sed -i s/hi/hola/" };
    await run(['edit', id]);
    assert.match((await run(['show', id])).stdout, /^\{"text":"hola"\}$/m);
    parley.env = { ...parley.env, EDITOR: 'false' };
    assert.match((await run(['edit', id], { code: 69 })).stderr, /did not end well.*nothing was changed/);
    assert.match((await run(['drop', id])).stdout, /is dropped/);
    assert.match((await run(['drop', id], { code: 69 })).stderr, /no open letter/);
  });

  test('wrong use says what is right', async () => {
    for (const args of [['show'], ['list', 3], ['nonsense'], ['drop', 'x'], ['drop', -1]])
      assert.match((await run(args, { code: 64 })).stderr, /parley deadletters --help/, args.join(' '));
    assert.match((await run(['--help'])).stdout, /Examples:/);
    assert.equal(JSON.parse((await run(['--json'])).stdout).letters.length, 0);
  });
});
