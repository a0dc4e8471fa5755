// The schema and the pool of connections against a real PostgreSQL: isolation of tenants, idempotence,
// order of claims, batches of which one operation fails, lost connections. The tests themselves are C
// (services/persistence/*_test.c); this gives each a database of its own.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Parley, build } from '../harness/parley.mjs';

describe('the database', () => {
  let parley;
  before(async () => {
    parley = await Parley.start({ whatsapp: false });
  });
  after(() => parley?.stop());

  for (const name of ['schema', 'schema_turns', 'schema_journal', 'schema_outbox', 'schema_states', 'schema_instances', 'schema_business', 'schema_integrations', 'schema_prices', 'schema_memory', 'schema_supersede', 'schema_tools', 'schema_gather', 'pool'])
    test(`${name} tests`, async () => {
      await parley.query(`create database test_${name}`);
      const run = spawnSync(path.join(build, `tests/persistence_${name}_test`), {
        env: { ...process.env, PARLEY_TEST_DATABASE_URL: `postgresql:///test_${name}?host=${parley.socketFolder()}&user=postgres` },
        encoding: 'utf8', timeout: 300000,
      });
      assert.equal(run.status, 0, run.stdout + run.stderr);
    });

  test('every table of a tenant forces row-level security', async () => {
    const open = await parley.query(
      `select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
         join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
        where n.nspname = 'parley' and c.relkind = 'r' and not (c.relrowsecurity and c.relforcerowsecurity)`);
    assert.deepEqual(open, []);
  });
});
