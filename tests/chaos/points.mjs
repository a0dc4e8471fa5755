// Every crash point with every fault (promises.md R-31): one instance under load, with flows and with agents that
// have a model and tools, one point armed at a time, the next when the one before was reached and its fault
// is over. Then the oracles judge the run, and every turn of it is replayed from its journal.
import { closeSync, cpSync, mkdtempSync, openSync, readdirSync, readFileSync, readSync, rmSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { endianness, tmpdir } from 'node:os';
import path from 'node:path';

import { root, sleep } from '../harness/parley.mjs';
import { Faults, processesOf } from './faults.mjs';
import { ChaosModel, env as modelEnv } from './model.mjs';
import { MUST_BE_0 } from './oracle.mjs';
import { Random } from './random.mjs';
import { chaosRun, lineOf } from './run.mjs';
import { nameOf } from './tenants.mjs';

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);

// As in shared/base/crash_point.c.
const FILE_BYTES = 128, NAME_AT = 24;
const AT = { state: 0, fault: 4, skips: 8, pid: 12, losesReply: 16, lostReplies: 20 };
const STATE = { idle: 0, armed: 1, reached: 2, released: 3 };
export const FAULTS = { kill: 1, stop: 2, cut: 3, lost_reply: 4 };

const REACH_MS = 30000;
const PROVOKE_MS = 1500;
// Flows answer in every business; these have a model, too.
const AGENTS = [1, 2, 3].map(nameOf);
const PUZZLES_PCT = 40;
const REPLAYED_MAX = 300; // turns of a business
// Two lives of a turn may overlap while everything dies around them, and ask for different things.
const MISMATCHED_MAX_PCT = 1;

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
    this.unreached = []; // cases
    this.reached = [];
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
      const isSeldom = point.provoke || point.name.endsWith('/turn_keep'); // a turn that outlasts a part of its lease
      this.file.arm(point.name, fault, isSeldom ? 0 : this.random.between(0, 3));
      if (!(await this.reach(point))) {
        this.unreached.push({ point, fault });
        this.say(`not reached: ${point.name} x ${fault}`);
        continue;
      }
      await this.finish(fault);
      this.reached.push({ point, fault });
      if (this.reached.length % 20 === 0) this.say(`${this.reached.length} of ${this.cases.length} points reached`);
      await sleep(this.settleMs);
    }
    this.file.set(AT.state, STATE.idle);
  }
}

// A parley.yaml whose actors may crash as often as they are made to. Who holds leases or claims has a twin that
// takes them over while it stands still.
function makeSource(folder) {
  const text = readFileSync(path.join(root, 'parley.yaml'), 'utf8');
  const patient = text.replace(/^( {2}- name: .*)$/gm, '$1\n    intensity_count: 1000\n    intensity_ms: 1000\n    backoff_max_ms: 300');
  writeFileSync(path.join(folder, 'parley.yaml'), patient.replace(/^( {2}- name: (?:session|delivery)\n)/gm, '$1    count: 2\n'));
  for (const name of ['schema', 'console', 'build']) symlinkSync(path.join(root, name), path.join(folder, name));
  for (const name of ['services/tools', 'sdk']) cpSync(path.join(root, name), path.join(folder, name), { recursive: true }); // a jail follows no link
}

// [{ point, fault }] in a drawn order. `part` [N, M]: only every M-th fault of a point other than kill, so that
// M runs have them all.
function drawCases({ point: prefix, faults, part }, random) {
  const points = readPoints().filter((point) => !prefix || point.name.startsWith(prefix));
  if (points.length === 0) throw new Error(`no point begins with ${prefix} (see tests/chaos/points.txt)`);
  const isOfPart = (i, fault) => !part || fault === 'kill' || (i + FAULTS[fault] + part[0]) % part[1] === 0;
  return random.shuffle(points.flatMap((point, i) => faults.filter((fault) => isOfPart(i, fault)).map((fault) => ({ point, fault }))));
}

// 'all' or 'kill,stop': a list.
export function readFaults(text) {
  const names = text === 'all' ? Object.keys(FAULTS) : text.split(',');
  const unknown = names.find((name) => !(name in FAULTS));
  if (unknown !== undefined) throw new Error(`no fault is called '${unknown}'; there are ${Object.keys(FAULTS).join(', ')} and all`);
  return names;
}

const countBy = (cases) => Object.fromEntries(Object.keys(FAULTS).map((name) => [name, cases.filter(({ fault }) => fault === name).length]).filter(([, count]) => count > 0));

// What came to commit after somebody else had taken its lease.
function fencedCount(parley) {
  const log = path.join(parley.data, 'log');
  const texts = readdirSync(log).filter((name) => name.startsWith('session')).map((name) => readFileSync(path.join(log, name), 'utf8'));
  return texts.reduce((count, text) => count + text.split('"turn_fenced"').length - 1, 0);
}

// The journals of the turns that lived through all of it (R-8).
async function replay(parley, outcome) {
  for (const tenant of AGENTS) {
    const { stdout, stderr } = await parley.cliAny(['replay', '--tenant', tenant, '--all', '--max', String(REPLAYED_MAX), '--diff'], { timeout: 300000 });
    const [, count, different, failed] = /(\d+) turns replayed: \d+ the same byte for byte, (\d+) different, (\d+) failed/.exec(stdout) ?? [0, 0, 1, 0];
    outcome.result.replayed = (outcome.result.replayed ?? 0) + Number(count);
    if (Number(different) + Number(failed) > 0) outcome.findings.push(`replay of ${tenant}: ${stdout.slice(-2000)}${stderr.slice(-500)}`);
  }
}

// options: { seed, faults, point, part, rate, conversations, stopMs }. One instance, all cases one after the other. Returns
// what chaosRun does, with `points`, `cases`, `reached` (both by fault), `fenced` and `replayed` in its result.
export async function pointsRun(options, say = () => {}) {
  const cases = drawCases(options, new Random(options.seed));
  const points = new Set(cases.map(({ point }) => point.name)).size;
  const folder = mkdtempSync(path.join(tmpdir(), 'parley-points-'));
  const file = new PointFile(path.join(folder, 'points'));
  makeSource(folder);
  say(`${cases.length} cases: ${points} points, ${options.faults.join(', ')}`);
  const model = new ChaosModel();
  let driver = null;
  try {
    return await chaosRun({
      ...options, seconds: 3600, acceptedPct: 80, puzzlesPct: PUZZLES_PCT, env: {
        PARLEY_CRASH_POINTS: file.path, PARLEY_SOURCE: folder, PARLEY_LEASE_MS: '1000', PARLEY_CLAIM_MS: '4000',
        PARLEY_ALIVE_MS: '3500', PARLEY_SEND_TIMEOUT_MS: '2000', PARLEY_RECONCILE_MS: '1000', ...modelEnv, ...options.env,
      },
      prepare: (parley) => model.start(parley, AGENTS),
      makeFaults: (parley, runOptions) => (driver = new PointFaults(parley, { ...runOptions, cases }, file, say)),
      inspect: async (parley, outcome) => {
        const { result, findings } = outcome;
        for (const { point, fault } of driver.unreached) findings.push(`points: not reached: ${point.name} x ${fault}`);
        Object.assign(result, { points, cases: countBy(cases), reached: countBy(driver.reached), fenced: fencedCount(parley) });
        await replay(parley, outcome);
        if (result.mismatched > Math.max(1, (result.agent_turns * MISMATCHED_MAX_PCT) / 100)) findings.push(`mismatched: ${result.mismatched} of ${result.agent_turns} turns of an agent ran again and asked otherwise`);
        result.is_ok &&= findings.length === 0;
      },
    }, say);
  } finally {
    await model.stop();
    file.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const sum = (numbers) => numbers.reduce((a, b) => a + b, 0);
const total = (counts) => sum(Object.values(counts));
const SUMS = ['offered', 'accepted', ...MUST_BE_0, 'ambiguous', 'superseded', 'given_up', 'mismatched', 'kills', 'stops', 'cuts', 'agent_turns', 'effects_done', 'fenced', 'replayed'];

export const pointsLineOf = (result) =>
  `${total(result.reached)} of ${total(result.cases)} cases of ${result.points} points reached (${Object.keys(result.cases).map((fault) => `${fault} ${result.reached[fault] ?? 0}/${result.cases[fault]}`).join(', ')}), ` +
  `${result.agent_turns} turns of an agent, ${result.effects_done} effects, ${result.mismatched} steps asked otherwise, ${result.fenced} late commits refused, ${result.replayed} turns replayed; ${lineOf(result)}`;

// The whole matrix: a run for each fault, so that each has its own verdict. Returns { result, findings, folder }; `result` has the
// sums, and `runs` what each fault came to.
export async function pointsMatrix(options, say = () => {}) {
  const runs = {}, findings = [];
  let folder = null;
  for (const fault of options.faults) {
    const outcome = await pointsRun({ ...options, faults: [fault] }, (text) => say(`${fault}: ${text}`));
    runs[fault] = outcome.result;
    folder ??= outcome.result.is_ok ? null : outcome.folder;
    findings.push(...outcome.findings.map((finding) => `${fault}: ${finding}`));
    options.onRun?.(fault, outcome);
  }
  const results = Object.values(runs);
  const most = (name) => Math.max(...results.map((result) => result[name] ?? Infinity));
  const merged = (name) => Object.assign({}, ...results.map((result) => result[name]));
  const result = { seed: options.seed, points: most('points'), cases: merged('cases'), reached: merged('reached'),
    ...Object.fromEntries(SUMS.map((name) => [name, sum(results.map((one) => one[name] ?? 0))])),
    p99_ms: most('p99_ms'), drain_ms: most('drain_ms'), memory_max_mib: most('memory_max_mib'), is_ok: results.every((one) => one.is_ok), runs };
  return { result, findings, folder };
}
