// What tests/integration/cells.test.mjs runs in a network namespace of its own: two cells, each a whole Parley
// in a namespace, on one PostgreSQL that they reach over TCP. Every cell has two links: to the database, and
// to the world (webhooks in, the provider out). A balancer in front gives each webhook to one of them in turn,
// and to the other one when that does not acknowledge it.
import assert from 'node:assert/strict';
import { copyFileSync, chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { Box, makeBridges, startPostgres } from './network.mjs';
import { build, envelope, phoneId, root, secret, sign, Sim, sleep, textMessage, until, verifyToken } from './parley.mjs';

const database = { name: 'data', prefix: '10.77.0' };
const world = { name: 'world', prefix: '10.78.0' };
const aliveMs = 4000;
const startedMs = Date.now();
const say = (text) => console.log(`${((Date.now() - startedMs) / 1000).toFixed(1)} s: ${text}`);

const data = mkdtempSync(path.join(tmpdir(), 'parley-cells-'));
chmodSync(data, 0o711);
const boxes = [];
let postgres, sim, client, balancer;

// --- cells ------------------------------------------------------------------------------------------------
async function startCell(name, host, env = {}) {
  const folder = path.join(data, name);
  mkdirSync(path.join(folder, 'keys'), { recursive: true, mode: 0o711 });
  if (boxes.length > 0) copyFileSync(path.join(data, boxes[0].name, 'keys/master.key'), path.join(folder, 'master.key'));
  const cell = await Box.start({
    name, host, bridges: [database, world], program: path.join(build, 'cli/parley'), log: path.join(folder, 'log'),
    args: ['up', '--data', folder, '--cell', name, '--port', '8080', '--admin-port', '8081'],
    env: {
      PATH: process.env.PATH, PARLEY_SOURCE: root, DATABASE_URL: `postgresql://postgres@${database.prefix}.1/parley`, PARLEY_QUIET_WINDOW_MS: '0',
      ...(boxes.length > 0 && { PARLEY_MASTER_KEY_FILE: path.join(folder, 'master.key') }),
      PARLEY_ALIVE_MS: String(aliveMs), PARLEY_LEASE_MS: '30000', PARLEY_CLAIM_MS: '6000', PARLEY_SEND_TIMEOUT_MS: '2000', PARLEY_RECONCILE_MS: '1000',
      PARLEY_SENDER_RATE_PER_S: '1000', PARLEY_SENDER_BURST: '1000', PARLEY_THROUGHPUT_PER_S: '5000', PARLEY_PAIR_INTERVAL_MS: '0',
      VERIFY_TOKEN: verifyToken, WH_TOKEN: 'test-token', WH_PHONE_ID: phoneId, WH_APP_SECRET: secret, GRAPH_API_BASE: sim.url,
      ...Object.fromEntries(Object.entries(process.env).filter(([key]) => /SAN_OPTIONS$/.test(key))), ...env,
    },
  });
  cell.url = `http://${world.prefix}.${host}:8080`;
  boxes.push(cell);
  await until(`cell ${name} lives`, async () => {
    const rows = await query('select service from instances where instance like $1 and expires_at > now()', [`${name}/%`]).catch(() => []);
    return rows.length === 2 && (await send(`${cell.url}/readyz`, { method: 'GET' }).catch(() => 0)) === 200;
  }, 60000);
  return cell;
}

async function query(sql, values = []) {
  if (!client) {
    client = new pg.Client({ host: postgres.sockets, user: 'postgres', database: 'parley', options: '-c search_path=parley' });
    client.on('error', () => {});
    await client.connect();
  }
  return (await client.query(sql, values)).rows;
}

// --- webhooks ---------------------------------------------------------------------------------------------
function send(url, { method = 'POST', headers = {}, body = '' } = {}) {
  return new Promise((resolve) => {
    const request = http.request(url, { method, timeout: 1500, headers: { ...headers, 'content-length': Buffer.byteLength(body) } },
      (response) => response.resume().on('end', () => resolve(response.statusCode)));
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(0));
    request.end(body);
  });
}

let turn = 0;
let cells = [];
async function balance(headers, body) {
  const first = turn++;
  for (let i = 0; i < cells.length; i++)
    if ((await send(`${cells[(first + i) % cells.length].url}/webhook/whatsapp`, { headers, body })) === 200) return 200;
  return 503;
}

// The simulator's statuses come this way too.
function startBalancer() {
  return new Promise((resolve) => {
    const server = http.createServer((request, response) => {
      const parts = [];
      request.on('data', (part) => parts.push(part));
      request.on('end', async () => {
        const { 'x-hub-signature-256': signature, 'content-type': type } = request.headers;
        response.writeHead(await balance({ 'x-hub-signature-256': signature, 'content-type': type }, Buffer.concat(parts).toString())).end();
      });
    });
    server.listen(0, `${world.prefix}.1`, () => resolve(server));
  });
}

let count = 0;
// A customer writes so many messages, each until it is acknowledged; to one cell, or to whoever the balancer takes.
async function write(texts, cell) {
  const from = `3371${String(++count).padStart(7, '0')}`;
  for (const text of texts) {
    const body = JSON.stringify(envelope([textMessage(from, text)]));
    const headers = { 'content-type': 'application/json', 'x-hub-signature-256': sign(body) };
    await until(`an acknowledged webhook of ${from}`, async () =>
      (cell ? await send(`${cell.url}/webhook/whatsapp`, { headers, body }) : await balance(headers, body)) === 200, 40000);
  }
  return from;
}
const crowd = (size, texts, cell) => Promise.all(Array.from({ length: size }, () => write(texts, cell)));

// --- what must hold ---------------------------------------------------------------------------------------
async function settled(what) {
  await until(what, async () => {
    const [row] = await query(`select (select count(*) from inbox where turn_id is null and starts_turn)
                                    + (select count(*) from outbox_queue) as open`);
    return Number(row.open) === 0;
  }, 40000);
}

// 0 lost: each message is in a turn and each answer of a turn is in the ledger, unless the customer wrote again
// before it was sent. 0 twice. 0 out of order.
async function verify(customers) {
  const rows = await query(`select o.outbox_id, o.conversation_id, o.seq, o.state, o.unknown_count, c.address from outbox o
                              join conversations c using (tenant_id, conversation_id) where c.address = any($1)`, [customers]);
  const byId = new Map(rows.map((row) => [row.outbox_id, row]));
  const seen = new Map(), last = new Map();
  for (const { outbox_id: id } of await sim.ledger()) {
    const row = byId.get(id);
    if (!row) continue;
    assert.notEqual(row.state, 'superseded', `taken back and sent: ${JSON.stringify(row)}`);
    assert.equal(seen.has(id), false, `sent twice: ${JSON.stringify(row)}`);
    seen.set(id, true);
    assert.ok(Number(row.seq) > (last.get(row.conversation_id) ?? 0), `out of order: ${JSON.stringify(row)}`);
    last.set(row.conversation_id, Number(row.seq));
  }
  const valid = rows.filter((row) => row.state !== 'superseded');
  assert.deepEqual(valid.filter((row) => !seen.has(row.outbox_id)), [], 'an answer was not sent');
  const answered = new Set(valid.map((row) => row.address));
  assert.deepEqual(customers.filter((from) => !answered.has(from)), [], 'nobody answered');
  return valid.length;
}

const heldBy = async (cell) =>
  Number((await query('select count(*) from conversations where lease_holder like $1', [`${cell.name}/%`]))[0].count);

// --- the story --------------------------------------------------------------------------------------------
async function run() {
  makeBridges(database, world);
  postgres = startPostgres(data, { listen: `${database.prefix}.1`, from: `${database.prefix}.0/24` });
  balancer = await startBalancer();
  sim = await Sim.start({ host: `${world.prefix}.1`, webhook: `http://${world.prefix}.1:${balancer.address().port}/webhook` });
  await sim.behave({ statuses: ['sent', 'delivered'], status_delay_ms: 50 });
  const north = await startCell('north', 2);
  let south = await startCell('south', 3);
  cells = [north, south];

  const first = await crowd(40, ['hello', 'thank you']);
  await settled('all are answered');
  const turns = await query(`select split_part(claimed_by, '/', 1) as cell, count(*)::int from outbox where state <> 'superseded' group by 1 order by 1`);
  assert.deepEqual(turns.map((row) => row.cell), ['north', 'south'], 'both cells sent');
  say(`two cells: ${await verify(first)} answers to ${first.length} customers, sent by ${turns.map((row) => `${row.cell} ${row.count}`).join(', ')}`);

  // A cell that dies with turns in its hands.
  south.signal('SIGSTOP', (name) => name === 'parley-intent');
  const held = await crowd(20, ['hello'], south);
  await until('south holds conversations', async () => (await heldBy(south)) >= held.length);
  const load = crowd(40, ['hello', 'thank you']);
  await sleep(100);
  await south.kill();
  const killedMs = Date.now();
  cells = [north];
  for (const from of held) await sim.waitFor(from, 1);
  say(`south was killed with ${held.length} turns under way; north had answered them ${Date.now() - killedMs} ms later (a cell counts as alive for ${aliveMs} ms)`);
  const second = await load;
  say('the load was acknowledged');
  await settled('all are answered');
  say(`${await verify([...held, ...second])} answers, none lost, none twice`);

  // A cell that is cut off from the database while it lives, can reach the provider, and has work in its hands.
  // Its sends are slow, so that it has claims that it has not begun.
  south = await startCell('south', 3, { PARLEY_THROUGHPUT_PER_S: '4' });
  cells = [north, south];
  say('south is there again');
  const waiting = await crowd(12, ['hello'], south);
  south.signal('SIGSTOP', (name) => name === 'parley-intent');
  const late = await crowd(20, ['hello'], south);
  await until('south holds conversations', async () => (await heldBy(south)) >= late.length);
  south.cut(database);
  const cutMs = Date.now();
  south.signal('SIGCONT', (name) => name === 'parley-intent');
  const third = await crowd(20, ['hello', 'thank you']);
  for (const from of [...waiting, ...late]) await sim.waitFor(from, 1);
  const tookMs = Date.now() - cutMs;
  await sleep(Math.max(0, aliveMs + 3000 - tookMs));
  south.heal(database);
  say(`south was cut off with ${late.length} turns under way and claims it had not begun; north had answered all ${tookMs} ms later`);
  const fenced = () => south.text().split('"event":"turn_fenced"').length - 1;
  await until('late commits are refused', () => fenced() > 0);
  await until('south is back under a new name', async () =>
    (await query("select 1 from instances where instance like 'south/%' and expires_at > now()")).length === 2);
  const fourth = await crowd(20, ['hello'], south);
  await settled('all are answered');
  say(`healed: ${fenced()} late commits of south were refused; ${await verify([...waiting, ...late, ...third, ...fourth])} answers, none lost, none twice`);
}

let code = 0;
await run().catch((error) => {
  code = 1;
  console.error(error);
  for (const box of boxes) console.error(`--- ${box.name} (${box.end ?? 'runs'})\n${box.text().slice(-3000)}`);
});
for (const box of boxes) await box.kill();
await client?.end().catch(() => {});
await sim?.stop().catch(() => {});
balancer?.close();
postgres?.stop();
rmSync(data, { recursive: true, force: true });
process.exit(code);
