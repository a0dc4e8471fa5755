// Who is measured. Each has a PostgreSQL of its own on the same disk, and only the one that is being
// measured runs: it is started for its round and stopped after it, with all its data kept.
//   create(), start() -> url of the webhook, stored() -> rows, stop(), name
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';

import { Parley, Sim, phoneId, root, secret, sleep, until, verifyToken, freePort } from '../harness/parley.mjs';
import { Cluster } from './cluster.mjs';
import { onEnd } from './stack.mjs';

const WEBHOOK = '/webhook/whatsapp';
const POOL_SIZE = 16;
const NOBODY = 'http://127.0.0.1:9';

// Limits that protect a business from one customer or one address are out of the way, because all load
// comes from one machine and few customers; so is the limit of 80 messages a second that Meta sets for
// a number. Bursts are not waited for. Everything else is as delivered.
export const PARLEY_SETTINGS = {
  PARLEY_QUIET_WINDOW_MS: '0',
  PARLEY_ADDRESS_RATE_PER_S: '1000000',
  PARLEY_SENDER_RATE_PER_S: '1000000',
  PARLEY_SENDER_BURST: '1000000',
  PARLEY_THROUGHPUT_PER_S: '5000', PARLEY_PAIR_INTERVAL_MS: '0',
};

// A Graph API for all rounds of a Parley that answers: where it is must not change between them.
export async function startSim() {
  const sim = await Sim.start();
  onEnd(async () => sim.child.exitCode ?? sim.child.signalCode ?? sim.stop());
  return sim.url;
}

// A Parley that can be stopped and started again on its data.
export class ParleyContestant extends Parley {
  constructor(folder, { name = 'parley', settings = PARLEY_SETTINGS, graphUrl = NOBODY } = {}) {
    super();
    Object.assign(this, { name, settings, graphUrl, data: folder });
    mkdirSync(folder, { mode: 0o711, recursive: true });
  }

  async create() {
    await this.start();
    await this.stop();
  }

  async start() {
    this.env = {
      ...process.env, PARLEY_SOURCE: process.env.PARLEY_SOURCE ?? root, VERIFY_TOKEN: verifyToken, WH_TOKEN: 'bench-token', WH_PHONE_ID: phoneId,
      WH_APP_SECRET: secret, GRAPH_API_BASE: this.graphUrl, ...this.settings,
    };
    this.forget = onEnd(() => this.down());
    await this.cli(['up', '--detach', '--port', '0', '--admin-port', String(await freePort())], { timeout: 120000 });
    this.url = `http://127.0.0.1:${this.runFile('http.port')}`;
    return this.url + WEBHOOK;
  }

  async down() {
    await this.pool?.end().catch(() => {});
    this.pool = undefined;
    await this.cli(['down'], { timeout: 90000 });
  }

  async stop() {
    await this.forget();
  }

  get clusterFolder() {
    return path.join(this.data, 'pg');
  }

  async number(sql) {
    if (!this.pool) await this.query('select 1'); // makes it
    const { rows } = await this.pool.query({ text: sql, rowMode: 'array' });
    return Number(rows[0][0]);
  }

  stored() {
    return this.number('select count(*) from parley.inbox');
  }

  // After a round with turns: everything answered, or what is left after a minute.
  async settle() {
    const waiting = () => this.number(`select (select count(*) from parley.inbox where turn_id is null and starts_turn)
      + (select count(*) from parley.outbox_queue)`);
    await until('all turns to end', async () => (await waiting()) === 0, 60000).catch(() => {});
    return waiting();
  }
}

// A server of a framework, in one of two styles, with one or more worker processes.
class Peer {
  constructor(folder, server, { name, style, workers }) {
    Object.assign(this, { name, style, workers });
    mkdirSync(folder, { mode: 0o711, recursive: true });
    this.cluster = new Cluster(folder, server);
  }

  create() {
    return this.cluster.create();
  }

  async start() {
    await this.cluster.start();
    const port = await freePort();
    const [program, ...args] = this.command(port);
    this.child = spawn(program, args, {
      cwd: path.join(root, 'tests/bench/peers', this.folderName), stdio: ['ignore', 'ignore', 'inherit'], detached: true,
      env: {
        ...process.env, PORT: String(port), HOST: '127.0.0.1', WORKERS: String(this.workers), DATABASE_URL: this.cluster.url,
        APP_SECRET: secret, POOL_SIZE: String(POOL_SIZE), PEER_STYLE: this.style, NODE_ENV: 'production', PYTHONDONTWRITEBYTECODE: '1',
      },
    });
    this.exited = new Promise((resolve) => this.child.on('close', resolve));
    this.forget = onEnd(() => this.end());
    await until(`${this.name} to answer`, () => this.isUp(port));
    return `http://127.0.0.1:${port}${WEBHOOK}`;
  }

  async isUp(port) {
    if (this.child.exitCode !== null) throw new Error(`${this.name} ended with ${this.child.exitCode}`);
    const response = await fetch(`http://127.0.0.1:${port}/health`, { headers: { connection: 'close' } }).catch(() => null);
    await response?.arrayBuffer();
    return response?.ok;
  }

  async end() {
    this.child.kill('SIGTERM');
    const isGone = await Promise.race([this.exited.then(() => true), sleep(10000)]);
    if (!isGone) process.kill(-this.child.pid, 'SIGKILL'); // with its workers: it leads a group of its own
    await this.exited;
  }

  stored() {
    return this.cluster.number('select count(*) from peer_inbox');
  }

  async stop() {
    await this.forget?.();
    await this.cluster.stop();
  }
}

// Debian's Python, which has the packages; PEER_PYTHON names another one, of a venv for example.
export class FastApi extends Peer {
  folderName = 'fastapi';
  command(port) {
    return [process.env.PEER_PYTHON ?? '/usr/bin/python3', '-m', 'uvicorn', 'app:app', '--host', '127.0.0.1', '--port', String(port),
      '--workers', String(this.workers), '--no-access-log', '--log-level', 'error'];
  }
}

export class Express extends Peer {
  folderName = 'express';
  command() {
    return [process.execPath, 'server.js'];
  }
}
