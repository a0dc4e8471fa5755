// broker.md row 4 from one end to the other: a call that kills its workers is in PostgreSQL with the cause
// of each attempt, its lane goes on meanwhile, and it ends when it is sent again after the fault is mended.
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { isReady, limitMs, startWith } from '../harness/misbehave.mjs';
import { sleep, until } from '../harness/parley.mjs';

describe('row 4: a poison call', () => {
  let parley;
  before(async () => {
    parley = await startWith(['count: 3', 'intensity_count: 100', 'backoff_ms: 10', 'backoff_max_ms: 10'], { whatsapp: false });
    for (const n of [1, 2, 3]) await isReady(parley, `misbehave-${n}`);
  });
  after(() => parley?.end());

  const open = async () => JSON.parse((await parley.cli(['deadletters', '--json'])).stdout).letters;

  test('is kept with its causes, its lane goes on, and a retry after the fix ends it', async () => {
    parley.setMood('poison');
    const poison = parley.call('misbehave', 'poison', 'customer-7');
    await sleep(200);
    const fromMs = Date.now();
    const next = parley.call('misbehave', 'next_in_lane', 'customer-7').then((reply) => ({ reply, tookMs: Date.now() - fromMs }));
    const others = parley.call('misbehave', 'fine');
    assert.deepEqual(await poison, { err: 'set aside after repeated failures' });
    const { reply, tookMs } = await next;
    assert.deepEqual(reply, {}, 'the next of its lane');
    assert.ok(tookMs > 300, `it did not wait for its turn: ${tookMs} ms`);
    assert.deepEqual(await others, {});

    const row = await until('it is in PostgreSQL', async () =>
      (await parley.query("select * from dead_letters where method = 'poison'"))[0], limitMs);
    assert.equal(row.kind, 'call');
    assert.equal(row.service, 'misbehave');
    assert.equal(row.lane_key, 'customer-7');
    assert.equal(row.attempts, 3);
    assert.match(row.trace, /^[0-9a-f]{32}$/);
    const causes = row.causes.trim().split('\n');
    assert.equal(causes.length, 3, row.causes);
    for (const cause of causes) assert.match(cause, /^\d+ ms before: misbehave-[123] crashed$/);
    assert.ok(causes[2].includes(`: ${row.last_worker} crashed`));
    assert.equal((await parley.query('select 1 from dead_letters')).length, 1, 'others were kept, too');

    const id = row.dead_letter_id;
    assert.deepEqual((await open()).map((letter) => letter.method), ['poison']);
    const shown = (await parley.cli(['deadletters', 'show', String(id)])).stdout;
    assert.equal(shown.match(/^cause .* crashed$/gm).length, 3, shown);
    for (const n of [1, 2, 3]) await isReady(parley, `misbehave-${n}`);
    assert.match((await parley.cli(['deadletters', 'retry', String(id)], { code: 69 })).stderr, /failed again/);
    assert.equal((await open()).length, 1, 'it stays open');

    parley.setMood('good');
    for (const n of [1, 2, 3]) await isReady(parley, `misbehave-${n}`);
    assert.match((await parley.cli(['deadletters', 'retry', String(id)])).stdout, /sent again and answered/);
    assert.deepEqual(await open(), []);
    const [settled] = await parley.query('select resolution from dead_letters where dead_letter_id = $1', [id]);
    assert.equal(settled.resolution, 'retried');
    const status = await parley.status();
    assert.equal(Number(status.dead_dropped ?? 0), 0);
  });

  test('a poll that dies with its worker ends with an error and is not kept', async () => {
    const count = (await parley.query('select 1 from dead_letters')).length;
    const dead = Number((await parley.status()).dead ?? 0);
    await isReady(parley, 'misbehave-1');
    assert.deepEqual(await parley.call('misbehave', 'poll'), { err: 'the instance died with the call' });
    for (const n of [1, 2, 3]) await isReady(parley, `misbehave-${n}`);
    // One that is kept, so that the database has had its time.
    assert.deepEqual(await parley.call('misbehave', 'die'), { err: 'the instance died with the call' });
    await until('the other is kept', async () => (await parley.query("select 1 from dead_letters where method = 'die'")).length === 1, limitMs);
    assert.equal((await parley.query('select 1 from dead_letters')).length, count + 1);
    assert.equal(Number((await parley.status()).dead), dead + 1);
  });

  test('a persistence that dies while delivery polls leaves no dead letter', async () => {
    const before = (await parley.query('select 1 from dead_letters')).length;
    for (let i = 0; i < 3; i++) {
      const pid = await parley.pidOf('persistence');
      process.kill(pid, 'SIGKILL');
      await until('persistence is back', async () => {
        const row = (await parley.status()).instances.find((r) => r.service === 'persistence');
        return row.state === 'ready' && row.pid !== pid;
      }, limitMs);
    }
    assert.equal(Number((await parley.status()).dead_waiting ?? 0), 0);
    assert.equal((await parley.query('select 1 from dead_letters')).length, before);
  });
});
