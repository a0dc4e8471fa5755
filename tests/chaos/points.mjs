// Every crash point with every fault (promises.md R-31): one instance under load, one point armed at a
// time, the next when the one before was reached and its fault is over. The oracles judge the whole.
import { mkdtempSync, openSync, closeSync, readFileSync, readSync, rmSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { endianness, tmpdir } from 'node:os';
import path from 'node:path';

import { root, sleep } from '../harness/parley.mjs';
import { cutConnections, Faults, processesOf } from './faults.mjs';
import { Random } from './random.mjs';
import { chaosRun } from './run.mjs';

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);

// As in shared/base/crash_point.c.
const FILE_BYTES = 128, NAME_AT = 24;
const AT = { state: 0, fault: 4, skips: 8, pid: 12, losesReply: 16, lostReplies: 20 };
const STATE = { idle: 0, armed: 1, reached: 2, released: 3 };
export const FAULTS = { kill: 1, stop: 2, cut: 3, lost_reply: 4 };

const REACH_MS = 30000;
const PROVOKE_MS = 1500;

// [{ name, provoke: '' | 'cut' | 'kill SERVICE' }]
export function readPoints() {
  return readFileSync(path.join(here, 'points.txt'), 'utf8').split('\n').filter((line) => line && !line.startsWith('#')).map((line) => {
    const [name, ...provoke] = line.trim().split(/\s+/);
    return { name, provoke: provoke.join(' ') };
  });
}

// The file that all processes of the instance map.
class PointFile {
  constructor(file) {
    this.path = file;
    writeFileSync(file, Buffer.alloc(FILE_BYTES));
    this.descriptor = openSync(file, 'r+');
    this.room = Buffer.alloc(4);
  }

  close() {
    closeSync(this.descriptor);
  }

  get(at) {
    readSync(this.descriptor, this.room, 0, 4, at);
    return endianness() === 'LE' ? this.room.readUInt32LE() : this.room.readUInt32BE();
  }

  set(at, value) {
    const room = Buffer.alloc(4);
    if (endianness() === 'LE') room.writeUInt32LE(value);
    else room.writeUInt32BE(value);
    writeSync(this.descriptor, room, 0, 4, at);
  }

  arm(name, fault, skipsCount) {
    const room = Buffer.alloc(FILE_BYTES - NAME_AT);
    room.write(name);
    this.set(AT.state, STATE.idle);
    writeSync(this.descriptor, room, 0, room.length, NAME_AT);
    this.set(AT.fault, FAULTS[fault]);
    this.set(AT.skips, skipsCount);
    this.set(AT.state, STATE.armed);
  }
}

// In place of the random faults of ./parley chaos.
class PointFaults extends Faults {
  constructor(parley, options, file, say) {
    super(parley, options);
    Object.assign(this, { file, say, cases: options.cases, stopMs: options.stopMs, settleMs: options.settleMs });
    this.services = new Map(); // pid -> name, of the dead, too
    this.unreached = [];
    this.reached_count = 0;
  }

  start() {
    this.endMs = Infinity;
    this.done = this.enumerate();
    this.running = [this.done, this.samples()];
  }

  look() {
    for (const { pid, name } of processesOf(this.parley)) this.services.set(pid, name);
  }

  async until(limitMs, isSo) {
    for (const end = Date.now() + limitMs; Date.now() < end && !this.isOver; await sleep(5)) if (isSo()) return true;
    return isSo();
  }

  async provoke(what) {
    this.look();
    if (what === 'cut') return this.cut();
    const name = what.split(' ')[1];
    const victim = processesOf(this.parley).find((process) => process.name === name);
    if (victim && this.signal(victim, 'SIGKILL')) this.note('kill', name);
    return null;
  }

  async reach(point) {
    const end = Date.now() + REACH_MS;
    const isReached = () => this.file.get(AT.state) !== STATE.armed;
    while (Date.now() < end && !this.isOver) {
      if (point.provoke) await this.provoke(point.provoke);
      this.look();
      if (await this.until(point.provoke ? PROVOKE_MS : 100, isReached)) return true;
    }
    return isReached();
  }

  // What the point cannot do itself.
  async finish(fault) {
    const pid = this.file.get(AT.pid);
    this.look();
    const name = this.services.get(pid) ?? 'unknown';
    if (fault === 'kill') {
      this.note('kill', name);
    } else if (fault === 'stop') {
      const event = this.note('stop', name, Date.now() + this.stopMs);
      await sleep(this.stopMs);
      this.signal({ pid, name }, 'SIGCONT');
      event.until_ms = Date.now();
    } else if (fault === 'cut') {
      await this.cut();
      this.file.set(AT.state, STATE.released);
    } else {
      const before = this.lostReplies ?? 0;
      await this.until(3000, () => this.file.get(AT.lostReplies) > before);
      this.lostReplies = this.file.get(AT.lostReplies);
      this.note('lost_reply', 'persistence');
    }
  }

  async enumerate() {
    for (const { point, fault } of this.cases) {
      if (this.isOver) return;
      this.look();
      this.file.arm(point.name, fault, point.provoke ? 0 : this.random.between(0, 3));
      if (!(await this.reach(point))) {
        this.unreached.push(`${point.name} x ${fault}`);
        this.say(`not reached: ${point.name} x ${fault}`);
        continue;
      }
      await this.finish(fault);
      this.reached_count++;
      if (this.reached_count % 20 === 0) this.say(`${this.reached_count} of ${this.cases.length} points reached`);
      await sleep(this.settleMs);
    }
    this.file.set(AT.state, STATE.idle);
  }
}

// A parley.yaml whose actors may crash as often as they are made to.
function makeSource(folder) {
  const text = readFileSync(path.join(root, 'parley.yaml'), 'utf8');
  writeFileSync(path.join(folder, 'parley.yaml'), text.replace(/^( {2}- name: .*)$/gm, '$1\n    intensity_count: 1000\n    intensity_ms: 1000\n    backoff_max_ms: 300'));
  for (const name of ['schema', 'console', 'build']) symlinkSync(path.join(root, name), path.join(folder, name));
}

// options: { seed, fault, point, part, rate, conversations, stopMs }. `part` N of [N, M]: only every M-th fault of a
// point other than kill, so that M runs have them all. Returns what chaosRun does, with `cases` and `reached`.
export async function pointsRun(options, say = () => {}) {
  const random = new Random(options.seed);
  const points = readPoints().filter((point) => !options.point || point.name.startsWith(options.point));
  if (points.length === 0) throw new Error(`no point begins with ${options.point} (see tests/chaos/points.txt)`);
  const faults = Object.keys(FAULTS).filter((name) => !options.fault || name === options.fault);
  if (faults.length === 0) throw new Error(`no fault is called ${options.fault}; there are ${Object.keys(FAULTS).join(', ')}`);
  const isOfPart = (i, fault) => !options.part || fault === 'kill' || (i + FAULTS[fault] + options.part[0]) % options.part[1] === 0;
  const cases = random.shuffle(points.flatMap((point, i) => faults.filter((fault) => isOfPart(i, fault)).map((fault) => ({ point, fault }))));
  const folder = mkdtempSync(path.join(tmpdir(), 'parley-points-'));
  const file = new PointFile(path.join(folder, 'points'));
  makeSource(folder);
  say(`${cases.length} cases: ${points.length} points, ${faults.join(', ')}`);
  let driver = null;
  try {
    const outcome = await chaosRun({
      ...options, seconds: 3600, env: {
        PARLEY_CRASH_POINTS: file.path, PARLEY_SOURCE: folder, PARLEY_LEASE_MS: '2000', PARLEY_CLAIM_MS: '6000',
        PARLEY_SEND_TIMEOUT_MS: '5000', PARLEY_RECONCILE_MS: '1000', ...options.env,
      },
      makeFaults: (parley, runOptions) => (driver = new PointFaults(parley, { ...runOptions, cases }, file, say)),
    }, say);
    for (const name of driver.unreached) outcome.findings.push(`points: not reached: ${name}`);
    Object.assign(outcome.result, { points: points.length, cases: cases.length, reached: driver.reached_count, is_ok: outcome.result.is_ok && driver.unreached.length === 0 });
    return outcome;
  } finally {
    file.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
