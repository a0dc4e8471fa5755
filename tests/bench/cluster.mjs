// A private PostgreSQL for a peer: made and run as cli/postgres.c makes and runs Parley's own. The
// server's options are read from what Parley's server was started with, so they cannot differ.
import { execFile } from 'node:child_process';
import { chownSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

import { onEnd } from './stack.mjs';

const run = promisify(execFile);
const isRoot = process.getuid() === 0;
const INITDB = ['-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C.UTF-8', '--data-checksums', '--no-sync', '--no-instructions'];

// { bin: "/usr/lib/postgresql/15/bin", options: ["listen_addresses=", ...] } of a cluster that has run.
export function serverOf(clusterFolder) {
  const line = readFileSync(path.join(clusterFolder, 'postmaster.opts'), 'utf8').trim();
  const [program, ...args] = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2]);
  const options = args.filter((arg, i) => args[i - 1] === '-c');
  return { bin: path.dirname(program), options };
}

export class Cluster {
  constructor(folder, server) {
    this.server = server;
    this.data = path.join(folder, 'pg');
    this.sockets = path.join(folder, 'sockets');
    this.log = path.join(this.data, 'server.log');
  }

  async program(name, args) {
    const file = path.join(this.server.bin, name);
    const [first, ...rest] = isRoot ? ['runuser', '-u', 'postgres', '--', file, ...args] : [file, ...args];
    // pg_ctl leaves a server behind that would hold the pipes open: its output goes to the log.
    return run(first, rest, { cwd: '/', maxBuffer: 1 << 24 });
  }

  async create() {
    for (const folder of [this.data, this.sockets]) {
      mkdirSync(folder, { mode: 0o700, recursive: true });
      if (isRoot) chownSync(folder, ...(await this.owner()));
    }
    await this.program('initdb', ['-D', this.data, ...INITDB]);
    await this.start();
    await this.program('createdb', ['-h', this.sockets, '-U', 'postgres', 'parley']);
    await this.stop();
  }

  async owner() {
    const ids = await Promise.all(['-u', '-g'].map((flag) => run('id', [flag, 'postgres'])));
    return ids.map(({ stdout }) => Number(stdout));
  }

  async start() {
    const options = [`-k ${this.sockets}`, ...this.server.options.map((option) => `-c ${option}`)].join(' ');
    this.forget = onEnd(() => this.stopServer());
    await this.program('pg_ctl', ['-D', this.data, '-l', this.log, '-w', '-t', '60', '-o', options, 'start']);
  }

  stopServer() {
    return this.program('pg_ctl', ['-D', this.data, '-m', 'fast', '-w', '-t', '60', 'stop']);
  }

  async stop() {
    await this.forget?.();
  }

  get url() {
    return `postgresql:///parley?host=${this.sockets}&user=postgres`;
  }

  async number(sql) {
    const { stdout } = await this.program('psql', ['-h', this.sockets, '-U', 'postgres', '-d', 'parley', '-Atc', sql]);
    return Number(stdout.trim());
  }
}
