// Row 9, S-3, S-4 with real processes: actors that come over TCP prove a key, are who it says, and may do
// what the table of rights says. What is tried beyond that is refused, counted and logged.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import test from 'node:test';
import { build, freePort, Parley, Sim, until } from '../harness/parley.mjs';

// An actor started by hand, as in a container: everything it knows is in its environment.
class Hand {
  constructor(parley, actor, { instance = `${actor}-hand`, env = {}, keyFile, program = `services/parley-${actor}` } = {}) {
    const bus = path.join(parley.data, 'keys/bus');
    this.log = path.join(parley.data, 'log', `hand-${instance}`);
    mkdirSync(this.log, { recursive: true });
    this.child = spawn(path.join(build, program), ['--instance', instance, '--log-dir', this.log], {
      env: {
        ...parley.env, PARLEY_BUS: `tcp://127.0.0.1:${parley.busPort}`, PARLEY_BUS_SERVER_KEY: path.join(bus, 'broker.pub'),
        PARLEY_BUS_KEY_FILE: keyFile ?? path.join(parley.data, 'keys/actors', `${actor}.key`), ...env,
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.stderr = '';
    this.child.stderr.on('data', (chunk) => (this.stderr += chunk));
    this.ended = new Promise((resolve) => this.child.on('exit', (code, signal) => resolve(code ?? signal)));
  }
  logText() {
    return readdirSync(this.log).map((name) => readFileSync(path.join(this.log, name), 'utf8')).join('');
  }
  async stop() {
    this.child.kill('SIGTERM');
    return this.ended;
  }
}

const brokerLog = (parley) => readdirSync(path.join(parley.data, 'log')).filter((name) => /^broker-.*\.log$/.test(name))
  .map((name) => readFileSync(path.join(parley.data, 'log', name), 'utf8')).join('');
const denials = (parley) => brokerLog(parley).split('\n').filter((line) => line.includes('"denied"')).map((line) => JSON.parse(line));
const instanceState = async (parley, instance) => (await parley.status()).instances.find((row) => row.instance === instance)?.state;

test('row 9: keys over TCP', { timeout: 240000 }, async (t) => {
  const sim = await Sim.start();
  const busPort = await freePort();
  const parley = await Parley.start({ sim, env: { PARLEY_BUS_LISTEN: `tcp://127.0.0.1:${busPort}` } });
  parley.busPort = busPort;
  const bus = path.join(parley.data, 'keys/bus');
  const hands = [];
  const start = (...args) => {
    const hand = new Hand(parley, ...args);
    hands.push(hand);
    return hand;
  };
  t.after(async () => {
    for (const hand of hands) hand.child.kill('SIGKILL');
    await parley.stop();
    await sim.stop();
  });

  await t.test('first run made the keys, closed to others', async () => {
    const mode = (name) => statSync(path.join(bus, name)).mode & 0o777;
    assert.equal(mode('.'), 0o700);
    assert.equal(mode('allowed'), 0o700);
    assert.equal(mode('../actors'), 0o700);
    assert.equal(mode('broker.key'), 0o600);
    assert.match((await parley.cli(['keys', 'list'])).stdout, /No actor has a key/);
  });

  await t.test('an actor with its key joins, and a turn goes through it', async () => {
    assert.match((await parley.cli(['keys', 'add', 'agent'])).stdout, /agent may connect now/);
    assert.equal(statSync(path.join(parley.data, 'keys/actors/agent.key')).mode & 0o777, 0o600);
    await parley.cli(['keys', 'add', 'agent'], { code: 78 }); // twice is not
    assert.match((await parley.cli(['keys', 'list'])).stdout, /^agent +\S{40}$/m);
    const hand = start('agent');
    await until('agent-hand is ready', async () => (await instanceState(parley, 'agent-hand')) === 'remote');
    await parley.say('33612345001', 'quelle est la météo sur Mars ?');
    await sim.waitFor('33612345001', 1);
    assert.equal(await hand.stop(), 0);
    await until('agent-hand has left', async () => (await instanceState(parley, 'agent-hand')) === undefined);
  });

  await t.test('a key the broker does not know is shut out, until it is added', async () => {
    const spare = path.join(bus, 'spare.pub');
    renameSync(path.join(bus, 'allowed/agent.pub'), spare);
    const hand = start('agent', { instance: 'agent-unknown' });
    await until('the actor says that it is shut out', () => hand.logText().includes('"shut_out"'));
    assert.equal(await instanceState(parley, 'agent-unknown'), undefined);
    await until('the broker logs it', () => denials(parley).some((row) => row.what === 'connect' && row.actor === '(unknown key)'));
    assert.ok((await parley.status()).denied > 0);
    renameSync(spare, path.join(bus, 'allowed/agent.pub'));
    await until('it joins by itself', async () => (await instanceState(parley, 'agent-unknown')) === 'remote');
    await hand.stop();
  });

  await t.test('right key, wrong service: another actor with the key of agent is refused', async () => {
    const hand = start('session', { instance: 'session-thief', keyFile: path.join(parley.data, 'keys/actors/agent.key') });
    await hand.ended;
    assert.match(hand.logText(), /"refused".*SYSTEM_5010/);
    await until('the broker logs it', () => denials(parley).some((row) => row.what === 'name of another actor' && row.actor === 'agent'));
    assert.equal(await instanceState(parley, 'session-thief'), undefined);
  });

  await t.test('the name of a running local instance cannot be taken from outside', async () => {
    const before = await parley.pidOf('agent');
    const hand = start('agent', { instance: 'agent-1' });
    await hand.ended;
    await until('the broker logs it', () => denials(parley).some((row) => row.what === 'instance of another'));
    assert.equal(await parley.pidOf('agent'), before);
    assert.equal(await instanceState(parley, 'agent-1'), 'ready');
  });

  await t.test('the command line works from outside with a key of its own, and only as cli', async () => {
    await parley.cli(['keys', 'add', 'cli']);
    const own = { ...parley.env };
    Object.assign(parley.env, {
      PARLEY_BUS: `tcp://127.0.0.1:${busPort}`, PARLEY_BUS_SERVER_KEY: path.join(bus, 'broker.pub'),
      PARLEY_BUS_KEY_FILE: path.join(parley.data, 'keys/actors/cli.key'),
    });
    try {
      assert.ok((await parley.status()).instances.some((row) => row.service === 'persistence'));
      parley.env.PARLEY_BUS_KEY_FILE = path.join(parley.data, 'keys/actors/agent.key');
      await parley.cli(['status', '--json'], { code: 69 });
    } finally {
      parley.env = own;
    }
  });

  await t.test('an actor whose key was removed is out, and stays out', async () => {
    const hand = start('agent', { instance: 'agent-gone' });
    await until('it is ready', async () => (await instanceState(parley, 'agent-gone')) === 'remote');
    await parley.cli(['keys', 'remove', 'agent']);
    await hand.ended; // it was told, and ends itself
    assert.match(hand.logText(), /"refused".*SYSTEM_5010/);
    assert.equal(await instanceState(parley, 'agent-gone'), undefined);
    await until('the broker logs it', () => denials(parley).some((row) => row.what === 'key was removed'));
    await parley.cli(['keys', 'remove', 'agent'], { code: 78 });
  });

  await t.test('files that others can read end the start with one line', async () => {
    await parley.cli(['keys', 'add', 'agent']);
    const key = path.join(parley.data, 'keys/actors/agent.key');
    chmodSync(key, 0o640);
    const hand = start('agent', { instance: 'agent-open' });
    assert.equal(await hand.ended, 78);
    assert.equal(hand.stderr, `agent: ${key}: a secret that others can read: chmod 600 ${key}\n`);
    const missing = start('agent', { instance: 'agent-missing', env: { PARLEY_BUS_SERVER_KEY: '' } });
    assert.equal(await missing.ended, 78);
    assert.match(missing.stderr, /PARLEY_BUS_SERVER_KEY is missing/);
  });

  await t.test('plain TCP gets nothing but a greeting', async () => {
    const accepted = (await parley.status()).accepted;
    const socket = net.connect(busPort, '127.0.0.1');
    socket.on('error', () => {}).resume();
    const greeting = Buffer.alloc(64);
    Buffer.from([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 1]).copy(greeting);
    greeting.write('NULL', 12);
    let closed = false;
    socket.on('close', () => (closed = true));
    socket.write(greeting);
    await until('the broker closes it', () => closed);
    assert.ok((await parley.status()).accepted <= accepted + 2);
  });

  await t.test('a broker that was restarted lets the same actors in', async () => {
    chmodSync(path.join(parley.data, 'keys/actors/agent.key'), 0o600);
    const hand = start('agent', { instance: 'agent-lasting' });
    await until('it is ready', async () => (await instanceState(parley, 'agent-lasting')) === 'remote');
    const epoch = (await parley.status()).epoch;
    process.kill(parley.brokerPid(), 'SIGKILL');
    await until('another broker has it', async () => {
      const status = await parley.status().catch(() => undefined);
      return status && status.epoch !== epoch && status.instances.some((row) => row.instance === 'agent-lasting' && row.state === 'remote');
    });
    await hand.stop();
  });

  await t.test('an open folder of keys ends the start of everything with one line', async () => {
    await parley.cli(['down'], { timeout: 90000 });
    chmodSync(bus, 0o750);
    await assert.rejects(parley.up(), /keys\/bus: a folder of keys that others can enter: chmod 700 /);
    chmodSync(bus, 0o700);
    await parley.up();
  });
});

test('row 9: an actor of nobody\'s table is refused; a file can add it', { timeout: 120000 }, async (t) => {
  const parley = await Parley.start({ whatsapp: false });
  t.after(() => parley.stop());
  const text = path.join(parley.data, 'acl.yaml');
  writeFileSync(text, 'actors: [{name: agent, calls: [nothing]}]\n');
  await parley.cli(['down'], { timeout: 90000 });
  parley.env.PARLEY_ACL_FILE = text;
  await assert.rejects(parley.up());
  const output = readFileSync(path.join(parley.data, 'log/broker.out'), 'utf8');
  assert.match(output, /acl\.yaml: actors\[agent\]: 'nothing' is no right/);
  delete parley.env.PARLEY_ACL_FILE;
  await parley.up();
});
