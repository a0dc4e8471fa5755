// The businesses of a chaos run. The first is the instance's own; the others are made here, each with the
// demo's data, a phone id, an app secret and a token of its own (chaos_load.c --tenants).
import { execFileSync } from 'node:child_process';
import path from 'node:path';

import { build, envelope, phoneId, secret, sign, until } from '../harness/parley.mjs';

const FIRST = 'demo';
export const nameOf = (k) => (k === 0 ? FIRST : `chaos${k}`);

const phoneOf = (k) => String(Number(phoneId) + k);
const secretOf = (k) => (k === 0 ? secret : `${secret}.${k}`);

function seal(parley, tenant, name, text) {
  const key = path.join(parley.data, 'keys/master.key');
  return execFileSync(path.join(build, 'tests/seal_text'), [key, tenant, name], { input: `${text}\n`, encoding: 'utf8' }).trim();
}

export async function makeTenants(parley, count) {
  for (let k = 1; k < count; k++) {
    const tenant = nameOf(k);
    await parley.query('select seed_demo($1)', [tenant]);
    await parley.query(
      `insert into channel_accounts (tenant_id, channel_account_id, channel, external_id, app_secret, access_token, verify_token)
       values ($1, uuid7()::text, 'whatsapp', $2, $3, $4, '')`,
      [tenant, phoneOf(k), seal(parley, tenant, 'app_secret', secretOf(k)), seal(parley, tenant, 'access_token', `token-${k}`)]);
  }
  await parley.query('update tenants set loop_turns_max = 0'); // these customers write without reading
  // ingress reads its accounts again now and then.
  for (let k = 0; k < count; k++) {
    const body = JSON.stringify(envelope([], { phone: phoneOf(k), statuses: [] }));
    await until(`account ${phoneOf(k)} is known`, async () => (await parley.post('/webhook/whatsapp', body, { 'x-hub-signature-256': sign(body, secretOf(k)) })).status === 200);
  }
}
