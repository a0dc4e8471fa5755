// One more cell on the database of a run's instance, in a network namespace of its own: it has a link to the database, which
// can be cut while it lives, and one to the world. We are in a namespace of our own ourselves (chaos.mjs), so that links and
// addresses end with us.
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';

import { Box, makeBridges } from '../harness/network.mjs';
import { build, Parley, sleep, until } from '../harness/parley.mjs';

const database = { name: 'data', prefix: '10.77.0' };
const world = { name: 'world', prefix: '10.78.0' };
const HOST = 3;
const NAME = 'south';
const DATABASE_PORT = 5432;
const DOWN_MS = 30000;

// Where the provider is, for all cells.
export const worldAddress = `${world.prefix}.1`;

// Once, before anything listens.
export const makeNetwork = () => makeBridges(database, world);

export class SecondCell extends Parley {
  // `first` runs; `proxy` stands before its database.
  static async join(first, proxy) {
    const self = new SecondCell();
    self.data = path.join(first.data, NAME);
    self.first = first;
    mkdirSync(path.join(self.data, 'keys'), { recursive: true });
    chmodSync(self.data, 0o711);
    const key = path.join(self.data, 'master.key');
    copyFileSync(path.join(first.data, 'keys/master.key'), key);
    await proxy.listen(DATABASE_PORT, `${database.prefix}.1`);
    self.env = { ...first.env, DATABASE_URL: `postgresql://postgres@${database.prefix}.1/parley`, PARLEY_MASTER_KEY_FILE: key };
    self.url = `http://${world.prefix}.${HOST}:8080`;
    self.box = await Box.start({
      name: NAME, host: HOST, bridges: [database, world], program: path.join(build, 'cli/parley'), log: path.join(self.data, 'log'), env: self.env,
      args: ['up', '--data', self.data, '--cell', NAME, '--port', '8080', '--admin-port', '8081'],
    });
    try {
      await until(`cell ${NAME} lives`, () => self.isAlive(), 60000);
      await until(`cell ${NAME} is ready`, async () => (await fetch(`${self.url}/readyz`).catch(() => null))?.ok, 60000);
    } catch (error) {
      await self.box.kill();
      throw error;
    }
    return self;
  }

  // Whether the others see its session and its delivery alive; null when the database cannot say.
  async isAlive() {
    const rows = await this.first.query('select 1 from instances where instance like $1 and expires_at > now()', [`${NAME}/%`]).catch(() => null);
    return rows && rows.length >= 2;
  }

  cut() {
    this.box.cut(database);
  }

  heal() {
    this.box.heal(database);
  }

  // Commits that came too late: somebody else had the turn by then.
  fencedCount() {
    return this.box.text().split('"event":"turn_fenced"').length - 1;
  }

  async stop() {
    this.heal();
    this.box.child.kill('SIGTERM');
    for (const end = Date.now() + DOWN_MS; this.box.end === undefined && Date.now() < end; ) await sleep(50);
    await this.box.kill();
  }
}
