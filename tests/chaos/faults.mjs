// Kills and stops processes of one Parley, and its PostgreSQL; cuts connections, loses replies, fills the disk, cuts a cell off. Only processes below this instance's
// launcher are touched, and the server whose pid file lies in this instance's folder; each is looked at
// again right before it is signalled.
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { sleep } from '../harness/parley.mjs';
import { Random } from './random.mjs';

const SEVERAL_PCT = 15;       // of the kills hit two or three processes at once
const STOP_EVERY_MS = 8000;   // on average
const STOP_MS = [1000, 5000];
const POSTGRES_AT = [0.35, 0.7]; // of the run
const SAMPLE_MS = 1000;
const CUT_EVERY_MS = 20000;        // of the database's connections
const LOSE_EVERY_MS = 5000;        // the reply of a commit
const TAKEOVER_EVERY_MS = 500;     // a person takes a conversation
const TAKEOVER_FOR_MS = [1000, 8000];
const DISK_EVERY_MS = 30000;       // the database's disk is full
const DISK_FULL_MS = [2000, 5000];
const DISK_BACK_MS = 60000;        // nobody waits longer for it
const WAL_BYTES = 20000000;        // more than a segment of the write-ahead log
const CELL_EVERY_MS = 15000;       // a cell is cut off from the database
const CELL_CUT_MS = [3000, 20000]; // it counts as alive for 12 s
const LOOK_MS = 200;
const CATCH_UP_MS = 5000;          // customers whose webhooks were refused come again within

function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // it has ended
  }
}

// The actor's name of a process of ours, or ''.
function nameOf(pid) {
  const program = path.basename(read(`/proc/${pid}/cmdline`).split('\0')[0]);
  return program.startsWith('parley-') ? program.slice('parley-'.length) : '';
}

// Broker and actors now: [{ pid, name }]. Actors of a dead broker belong to the launcher.
export function processesOf(parley) {
  const found = [];
  const walk = (pid) => {
    for (const child of read(`/proc/${pid}/task/${pid}/children`).trim().split(' ').filter(Boolean).map(Number)) {
      const name = nameOf(child);
      const isZombie = /^State:\s+Z/m.test(read(`/proc/${child}/status`));
      if (name && !isZombie) found.push({ pid: child, name });
      walk(child);
    }
  };
  walk(Number(parley.runFile('launcher.pid')));
  return found;
}

// What each kind of process has resident now, in MiB: the largest of a kind.
export function memoryOf(parley) {
  const memory = {};
  for (const { pid, name } of processesOf(parley)) {
    const kib = Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0);
    memory[name] = Math.max(memory[name] ?? 0, Math.round(kib / 1024));
  }
  return memory;
}

// Of two samples of a process the larger one.
export function keepLargest(memory, sample) {
  for (const [name, mib] of Object.entries(sample)) memory[name] = Math.max(memory[name] ?? 0, mib);
}

// The connections of persistence to the database end, whatever they are doing.
export const cutConnections = (parley) =>
  parley.query("select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() and application_name <> 'chaos'");

export class Faults {
  constructor(parley, { seed, seconds, killEveryMs, proxy, disk, cell, late = () => 0, takeoverEveryMs = TAKEOVER_EVERY_MS, isCalm = false }) {
    Object.assign(this, { parley, seconds, killEveryMs, proxy, disk, cell, late, takeoverEveryMs, isCalm, random: new Random(seed) });
    this.takeovers = []; // { tenant_id, conversation_id, owner_fence, in_flight }
    this.events = []; // { at_ms, until_ms, what: kill|stop|postgres|cut|lost_reply|disk_full|cell, service }
    this.excuses_count = 0; // windows in which not all can be accepted
    this.excused_count = 0; // messages that nobody could write in them
    this.memory = {}; // service -> the most it had resident, in MiB
    this.deck = [];
    this.isOver = false;
  }

  start() {
    this.endMs = Date.now() + this.seconds * 1000;
    this.running = [this.takeOvers(), this.excuses(), this.samples()];
    if (this.isCalm) return; // people only: nothing breaks
    this.running.push(this.kills(), this.stops(), this.restarts(), this.cuts(), this.lostReplies(), this.fullDisks(), this.cellCuts());
  }

  async stop() {
    this.isOver = true;
    await Promise.all(this.running);
  }

  get kills_count() {
    return this.events.filter((event) => event.what === 'kill').length;
  }

  signal({ pid, name }, signal) {
    if (nameOf(pid) !== name) return false;
    try {
      process.kill(pid, signal);
      return true;
    } catch {
      return false;
    }
  }

  async cut() {
    try {
      await cutConnections(this.parley);
      this.note('cut', 'persistence');
    } catch {
      // the database is away anyway
    }
  }

  // Sleeps in steps, so that the end of the run ends it. False: the run is over.
  async pause(ms) {
    const until = Math.min(Date.now() + ms, this.endMs);
    while (!this.isOver && Date.now() < until) await sleep(Math.min(100, until - Date.now()));
    return !this.isOver && Date.now() < this.endMs;
  }

  note(what, service, untilMs) {
    const event = { at_ms: Date.now(), what, service };
    if (untilMs) event.until_ms = untilMs;
    this.events.push(event);
    return event;
  }

  // Of all cells.
  processes() {
    return [this.parley, this.cell].filter(Boolean).flatMap(processesOf);
  }

  // Every kind has its turn before one has its second.
  draw() {
    const running = this.processes();
    for (let i = 0; i < 2; i++) {
      while (this.deck.length > 0) {
        const name = this.deck.pop();
        const candidates = running.filter((process) => process.name === name);
        if (candidates.length > 0) return candidates[this.random.between(0, candidates.length - 1)];
      }
      this.deck = this.random.shuffle([...new Set(running.map((process) => process.name))]);
    }
    return null;
  }

  async kills() {
    while (await this.pause(this.killEveryMs * (0.75 + this.random.next() / 2))) {
      const count = this.random.chance(SEVERAL_PCT) ? this.random.between(2, 3) : 1;
      for (let i = 0; i < count; i++) {
        const victim = this.draw();
        if (victim && this.signal(victim, 'SIGKILL')) this.note('kill', victim.name);
      }
    }
  }

  async stops() {
    while (await this.pause(STOP_EVERY_MS * (0.5 + this.random.next()))) {
      const running = this.processes();
      if (running.length === 0) continue;
      const victim = running[this.random.between(0, running.length - 1)];
      const ms = this.random.between(...STOP_MS);
      if (!this.signal(victim, 'SIGSTOP')) continue;
      const event = this.note('stop', victim.name, Date.now() + ms);
      await sleep(ms);
      this.signal(victim, 'SIGCONT');
      event.until_ms = Date.now();
    }
  }

  // As `pg_ctl stop -m immediate`: no shutdown, crash recovery at the next start, which is the launcher's.
  async restarts() {
    let pastMs = 0;
    for (const part of POSTGRES_AT) {
      const atMs = this.seconds * 1000 * (part + (this.random.next() - 0.5) / 10);
      if (!(await this.pause(atMs - pastMs))) return;
      pastMs = atMs;
      const [pid, folder] = read(path.join(this.parley.data, 'pg/postmaster.pid')).split('\n');
      if (folder !== path.join(this.parley.data, 'pg')) continue;
      try {
        process.kill(Number(pid), 'SIGQUIT');
        this.note('postgres', 'postgres');
      } catch {
        // it is down already
      }
    }
  }

  // Now and then all connections, else one of them.
  async cuts() {
    while (await this.pause(CUT_EVERY_MS * (0.5 + this.random.next()))) await this.cut();
  }

  async lostReplies() {
    while (await this.pause(LOSE_EVERY_MS * (0.5 + this.random.next()))) {
      this.proxy.loseReply();
      this.note('lost_reply', 'persistence');
    }
  }

  // No block of the database's disk is free for seconds: tables cannot grow, and half of the time the write-ahead log
  // needs a new segment meanwhile, which ends the server. Over when a transaction commits again.
  async fullDisks() {
    while (this.disk && (await this.pause(DISK_EVERY_MS * (0.5 + this.random.next())))) {
      const event = this.note('disk_full', 'postgres', Date.now() + DISK_BACK_MS), end = this.excuse();
      this.disk.fill();
      if (this.random.chance(50)) await this.tries(`select pg_logical_emit_message(false, 'chaos', repeat('x', ${WAL_BYTES}))`);
      await this.pause(this.random.between(...DISK_FULL_MS));
      event.is_met = !(await this.tries('create temp table chaos as select generate_series(1, 10000)'));
      this.disk.free();
      const freedMs = Date.now();
      while (!(await this.tries("select pg_logical_emit_message(true, 'chaos', '')")) && Date.now() < freedMs + DISK_BACK_MS) await sleep(20);
      event.until_ms = Date.now();
      event.back_ms = event.until_ms - freedMs;
      end();
    }
  }

  // A cell loses the database while it lives, with turns, claims and requests in its hands. Longer than it counts as alive, the
  // other one has its conversations, and what it commits late must be refused.
  async cellCuts() {
    while (this.cell && (await this.pause(CELL_EVERY_MS * (0.5 + this.random.next())))) {
      const ms = this.random.between(...CELL_CUT_MS);
      const event = this.note('cell', 'delivery', Date.now() + ms), end = this.excuse();
      this.cell.cut();
      await sleep(ms);
      event.is_given_up = (await this.cell.isAlive()) === false;
      this.cell.heal();
      event.until_ms = Date.now();
      end();
    }
  }

  // Until the function it gives is called, and customers who were refused came again, what cannot be written is not held
  // against the run.
  excuse() {
    this.excuses_count++;
    return () => setTimeout(() => this.excuses_count--, CATCH_UP_MS).unref();
  }

  async excuses() {
    for (let before = 0; !this.isOver; await sleep(LOOK_MS)) {
      const now = this.late();
      if (this.excuses_count > 0) this.excused_count += now - before;
      before = now;
    }
  }

  // Whether the database does it.
  async tries(sql) {
    try {
      await this.parley.query(sql);
      return true;
    } catch {
      return false;
    }
  }

  // A person takes over who wrote a moment ago, and hands back some time later.
  async takeOvers() {
    const open = [];
    while (await this.pause(this.takeoverEveryMs * (0.5 + this.random.next()))) {
      open.push(this.takeOver());
      if (open.length > 50) await open.shift();
    }
    await Promise.all(open);
  }

  async takeOver() {
    try {
      const [row] = await this.parley.query(
        `select t.*, c.tenant_id from (select tenant_id, conversation_id from conversations where owner = 'bot' order by last_activity_at desc limit 20) c,
                lateral take_over(c.tenant_id, c.conversation_id, '', 'person', 'chaos', 'chaos') t
          where c.conversation_id = (select conversation_id from conversations where owner = 'bot' order by last_activity_at desc offset $1 limit 1)`,
        [this.random.between(0, 19)]);
      if (!row) return;
      this.takeovers.push({ conversation_id: row.conversation_id, owner_fence: Number(row.owner_fence), in_flight: row.in_flight_outbox_id });
      await this.pause(this.random.between(...TAKEOVER_FOR_MS));
      await this.parley.query("select handback($1, $2, '', 'chaos')", [row.tenant_id, row.conversation_id]);
    } catch {
      // the database is away; who was taken over stays so
    }
  }

  async samples() {
    while (!this.isOver) {
      keepLargest(this.memory, memoryOf(this.parley));
      if (this.cell) keepLargest(this.memory, memoryOf(this.cell));
      await sleep(SAMPLE_MS);
    }
  }
}
