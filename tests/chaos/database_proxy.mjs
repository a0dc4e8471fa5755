// Stands between an instance and its PostgreSQL: loses replies and cuts connections. PostgreSQL's socket is
// moved aside and ours put in its place; after a restart of PostgreSQL, which makes a new one, again.
import { chmodSync, renameSync, statSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';

import { sleep } from '../harness/parley.mjs';

export const ASIDE_PORT = 15432; // "port" is how libpq's clients name a socket of the folder
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]); // ReadyForQuery, no transaction: what was asked is committed
const LOOK_MS = 100;

export class DatabaseProxy {
  constructor(folder) {
    this.path = path.join(folder, '.s.PGSQL.5432');
    this.aside = path.join(folder, `.s.PGSQL.${ASIDE_PORT}`);
    this.links = new Set();
    this.lost_count = 0;
    this.toLose = 0;
    this.isOver = false;
  }

  async start() {
    await this.takeOver();
    this.looking = this.look();
  }

  // The same over TCP, for those that cannot see the folder.
  async listen(port, host) {
    this.tcp = net.createServer((client) => this.join(client));
    await new Promise((resolve) => this.tcp.listen(port, host, resolve));
  }

  inode() {
    try {
      return statSync(this.path).ino;
    } catch {
      return 0; // PostgreSQL is down
    }
  }

  async takeOver() {
    renameSync(this.path, this.aside);
    this.server?.close(); // after the move: it unlinks the path
    this.server = net.createServer((client) => this.join(client));
    await new Promise((resolve) => this.server.listen(this.path, resolve));
    chmodSync(this.path, 0o777);
    this.own = this.inode();
  }

  async look() {
    for (; !this.isOver; await sleep(LOOK_MS)) {
      const now = this.inode();
      if (now !== 0 && now !== this.own) await this.takeOver();
    }
  }

  join(client) {
    const server = net.connect(this.aside);
    const link = { client, server };
    const end = () => {
      this.links.delete(link);
      client.destroy();
      server.destroy();
    };
    this.links.add(link);
    for (const socket of [client, server]) socket.on('error', end).on('close', end);
    client.on('data', (bytes) => {
      link.isAsked = true;
      if (!server.write(bytes)) client.pause();
    });
    server.on('drain', () => client.resume());
    client.on('drain', () => server.resume());
    server.on('data', (bytes) => {
      link.answers = (link.answers ?? 0) + 1;
      // Not the first ones: a login is no commit.
      if (this.toLose > 0 && link.answers > 20 && bytes.subarray(-READY.length).equals(READY)) {
        this.toLose--;
        this.lost_count++;
        end();
      } else if (!client.write(bytes)) server.pause();
    });
  }

  // The next reply that ends a transaction does not arrive, and its connection ends.
  loseReply() {
    this.toLose = 1;
  }

  cutAll() {
    for (const { client, server } of [...this.links]) {
      client.destroy();
      server.destroy();
    }
  }

  async stop() {
    this.isOver = true;
    await this.looking;
    this.cutAll();
    this.server?.close();
    this.tcp?.close();
  }
}
