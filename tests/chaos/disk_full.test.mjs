// The disk of the write-ahead log fills up (promises.md R-46): webhooks are answered 503 and not lost, an alarm is in the
// log, and soon after there is room again all is answered. Needs root, for a small tmpfs.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chownSync, cpSync, readdirSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';

import { Parley, Sim, textMessage, until } from '../harness/parley.mjs';

const WAL_MIB = 96;
const BACK_MS = 10000;
const canMount = process.getuid() === 0 && (() => {
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

// The log's folder moves onto a disk of its own.
function moveLog(parley) {
  const wal = path.join(parley.data, 'pg/pg_wal'), aside = path.join(parley.data, 'pg_wal.aside');
  const { uid, gid } = statSync(wal);
  cpSync(wal, aside, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${WAL_MIB}m,mode=700,uid=${uid},gid=${gid}`, 'none', wal]);
  cpSync(aside, wal, { recursive: true });
  rmSync(aside, { recursive: true });
  const own = (folder) => readdirSync(folder, { withFileTypes: true }).forEach((entry) => {
    const at = path.join(folder, entry.name);
    chownSync(at, uid, gid);
    if (entry.isDirectory()) own(at);
  });
  own(wal);
  return wal;
}

function fill(folder) {
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(path.join(folder, 'ballast'), Buffer.alloc(bavail * bsize));
}

describe('a full disk', { skip: !canMount && 'needs root' }, () => {
  let sim, parley, wal;
  before(async () => {
    sim = await Sim.start();
    parley = await Parley.start({ sim });
    await parley.cli(['down'], { timeout: 90000 });
    wal = moveLog(parley);
    await parley.up();
  });
  after(async () => {
    if (wal) rmSync(path.join(wal, 'ballast'), { force: true });
    await parley?.pool?.end().catch(() => {});
    await parley?.cli(['down'], { timeout: 90000 });
    if (wal) execFileSync('umount', ['-l', wal]);
    if (parley) rmSync(parley.data, { recursive: true, force: true });
    await sim?.stop();
  });

  test('is 503 and no loss, and over soon after', async () => {
    const customers = Array.from({ length: 40 }, (_, i) => `44813${String(i).padStart(6, '0')}`);
    const acked = [];
    const write = async (from) => {
      const { status } = await parley.webhook([textMessage(from, `hello ${'x'.repeat(2000)}`)]);
      if (status === 200) acked.push(from);
      return status;
    };
    assert.equal(await write('448139000000'), 200);
    fill(wal);
    // The segments that are there have room yet; then nothing can be stored.
    const statuses = new Set();
    await until('a webhook is refused', async () => {
      await parley.query('select pg_switch_wal()').catch(() => {});
      const status = await write('448139000001');
      statuses.add(status);
      return status === 503;
    }, 60000);
    for (const from of customers.slice(0, 4)) statuses.add(await write(from));
    for (const status of statuses) assert.ok(status === 200 || status === 503, `${status}`);
    rmSync(path.join(wal, 'ballast'));
    const began = Date.now();
    await until('a webhook is stored', async () => (await write('448139000002')) === 200, 60000);
    const backMs = Date.now() - began;
    assert.ok(backMs <= BACK_MS, `back after ${backMs} ms`);
    for (const from of customers) await until('stored', async () => (await write(from)) === 200);
    for (const from of new Set(acked)) {
      const [row] = await until('in the inbox', async () => {
        const rows = await parley.query('select count(*) as n from inbox i join conversations c using (tenant_id, conversation_id) where c.address = $1', [from]).catch(() => []);
        return rows.length > 0 && rows;
      });
      assert.ok(Number(row.n) >= acked.filter((other) => other === from).length, `${from} has ${row.n}`);
    }
    await until('all are answered', async () => {
      const [row] = await parley.query('select count(*) as n from inbox where turn_id is null and starts_turn').catch(() => [{ n: 1 }]);
      return Number(row.n) === 0;
    }, 60000);
  });
});
