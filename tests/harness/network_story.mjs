// What tests/integration/network.test.mjs runs in a network namespace of its own: a bridge as the network,
// and behind it one namespace a process, as containers have. A namespace and its link end with its process.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { Box, makeBridges, startPostgres } from './network.mjs';
import { build, envelope, phoneId, root, secret, sign, Sim, textMessage, until, verifyToken } from './parley.mjs';

const bridge = { name: 'net0', prefix: '10.77.0' };
const network = (host) => `${bridge.prefix}.${host}`;
const say = (text) => console.log(text);

const data = mkdtempSync(path.join(tmpdir(), 'parley-net-'));
chmodSync(data, 0o711);
const bus = path.join(data, 'keys/bus');
const processes = [];
let stopPostgres = () => {};

async function startBox(name, host, program, args, env) {
  const log = path.join(data, 'log', name);
  const box = await Box.start({ name, host, bridges: [bridge], program, args: [...args, '--log-dir', log], env, log });
  processes.push(box);
  return box;
}

// --- the story --------------------------------------------------------------------------------------------
const actors = ['persistence', 'translation', 'intent', 'flow', 'session', 'delivery', 'ingress'];

function cli(args, env, { code = 0 } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(path.join(build, 'cli/parley'), [args[0], '--data', data, ...args.slice(1)], { env, cwd: root });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (output += chunk));
    child.on('close', (status) => (status === code ? resolve(output) : reject(new Error(`parley ${args.join(' ')} ended with ${status}: ${output}`))));
  });
}

function post(url, body) {
  return new Promise((resolve) => {
    const request = http.request(url, { method: 'POST', headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'x-hub-signature-256': sign(body) } },
      (response) => response.resume().on('end', () => resolve(response.statusCode)));
    request.on('error', () => resolve(0));
    request.end(body);
  });
}

async function run() {
  makeBridges(bridge);
  const postgres = startPostgres(data);
  stopPostgres = postgres.stop;
  const sim = await Sim.start({ host: network(1) });
  const shared = {
    PATH: process.env.PATH, PARLEY_SOURCE: root, DATABASE_URL: `postgresql:///parley?host=${postgres.sockets}&user=postgres`, PARLEY_MASTER_KEY_FILE: path.join(data, 'keys/master.key'),
    PARLEY_BUS: `tcp://${network(2)}:5670`, PARLEY_BUS_SERVER_KEY: path.join(bus, 'broker.pub'), PARLEY_QUIET_WINDOW_MS: '0',
    PARLEY_LISTEN_PORT: '8080', PARLEY_SENDER_RATE_PER_S: '1000', PARLEY_SENDER_BURST: '1000', PARLEY_THROUGHPUT_PER_S: '5000',
    VERIFY_TOKEN: verifyToken, WH_TOKEN: 'test-token', WH_PHONE_ID: phoneId, WH_APP_SECRET: secret, GRAPH_API_BASE: sim.url,
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => /SAN_OPTIONS$/.test(name))),
  };
  const envOf = (actor) => ({ ...shared, PARLEY_BUS_KEY_FILE: path.join(data, 'keys/actors', `${actor}.key`) });
  for (const actor of [...actors, 'agent', 'cli']) await cli(['keys', 'add', actor], shared);
  await cli(['keys', 'init'], shared);

  await startBox('broker', 2, path.join(build, 'services/parley-broker'), ['--bus', `ipc://${data}/run/bus.sock`, '--keys', bus, '--bin-dir', path.join(build, 'services'), '--builtin-tools', path.join(root, 'services/tools')],
    { ...shared, PARLEY_BUS: '', PARLEY_BUS_LISTEN: 'tcp://0.0.0.0:5670', PARLEY_TOOL_JAIL: 'lenient' });
  const boxOf = (name, host, actor) => startBox(name, host, path.join(build, `services/parley-${actor}`), ['--instance', name], envOf(actor));
  let host = 3;
  for (const actor of actors) await boxOf(`${actor}-box`, host++, actor);
  const ingress = processes.find((box) => box.name === 'ingress-box');
  await boxOf('agent-a', 20, 'agent');
  const agentB = await boxOf('agent-b', 21, 'agent');

  const status = async () => JSON.parse(await cli(['status', '--json'], envOf('cli')));
  const stateOf = async (instance) => (await status().catch(() => undefined))?.instances.find((row) => row.instance === instance)?.state;
  await until('all have joined by themselves', async () => {
    const ready = (await status().catch(() => ({ instances: [] }))).instances.filter((row) => row.state === 'remote').map((row) => row.instance);
    return [...actors.map((actor) => `${actor}-box`), 'agent-a', 'agent-b'].every((name) => ready.includes(name));
  }, 60000);
  await cli(['setup'], envOf('cli'));
  say('nine processes in nine namespaces joined the broker in the tenth, two of them agents');

  const webhook = (messages) => post(`http://${ingress.address}:8080/webhook/whatsapp`, JSON.stringify(envelope(messages)));
  const asked = [];
  async function ask(count) {
    for (let i = 0; i < count; i++) {
      const from = `3361000${String(asked.length).padStart(4, '0')}`;
      asked.push(from);
      assert.equal(await webhook([textMessage(from, 'quelle est la météo sur Mars ?')]), 200);
    }
  }
  await ask(1);
  await sim.waitFor(asked[0], 1);
  say('a webhook got its answer');
  const called = () => cli(['tool', 'call', 'current_time', '{}', '--tenant', 'demo'], envOf('cli')).catch(() => '');
  assert.match(await until('a built-in tool', called, 60000), /\d{4}-\d{2}-\d{2}T/);
  say('a built-in tool, child of the broker, was called');
  await ask(30);
  for (const from of asked) await sim.waitFor(from, 1);
  const before = await status();
  const calls = (instance) => before.instances.find((row) => row.instance === instance).calls;
  assert.ok(calls('agent-a') > 0 && calls('agent-b') > 0, 'both agents have worked');

  agentB.cut();
  await ask(40); // about half of them belong to the agent that hears nothing now
  await until('agent-b is lost', async () => (await stateOf('agent-b')) !== 'remote');
  for (const from of asked) await sim.waitFor(from, 1, 60000);
  const cut = await status();
  assert.ok(cut.requeued > before.requeued, 'calls of agent-b were given to agent-a');
  say(`agent-b was cut off: ${cut.requeued - before.requeued} of its calls were given to agent-a`);

  agentB.heal();
  await until('agent-b is back by itself', async () => (await stateOf('agent-b')) === 'remote', 60000);
  const healed = await status();
  await ask(30);
  for (const from of asked) await sim.waitFor(from, 1);
  const after = await status();
  const callsOf = (view) => view.instances.find((row) => row.instance === 'agent-b').calls;
  assert.ok(callsOf(after) > callsOf(healed), 'agent-b works again');
  assert.equal(agentB.end, undefined, 'it is the same process');

  const client = new pg.Client({ host: postgres.sockets, user: 'postgres', database: 'parley', options: '-c search_path=parley' });
  await client.connect();
  const { rows } = await client.query("select count(*)::int as inbound from inbox");
  await client.end();
  assert.equal(rows[0].inbound, asked.length);
  for (const from of asked) assert.equal((await sim.sentTo(from)).length, 1, `one answer to ${from}`);
  say(`${asked.length} customers, ${asked.length} answers: nothing was lost, nothing was said twice`);
  return sim;
}

let code = 0;
const sim = await run().catch((error) => {
  code = 1;
  console.error(error);
  for (const box of processes) console.error(`--- ${box.name} (${box.end ?? 'runs'})\n${box.text().slice(-1500)}`);
});
for (const box of processes) box.child.kill('SIGKILL');
await sim?.stop().catch(() => {});
stopPostgres();
rmSync(data, { recursive: true, force: true });
process.exit(code);
