// One chaos run: a Parley of its own, the outside world (chaos_load), faults, a drain, and the recorded
// data that the oracles judge.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import readline from 'node:readline';

import { Parley, build, isSanitized, phoneId, secret, sleep, freePort } from '../harness/parley.mjs';
import { ASIDE_PORT, DatabaseProxy } from './database_proxy.mjs';
import { Faults } from './faults.mjs';
import { judge, percentile, replyTimes, MUST_BE_0 } from './oracle.mjs';
import { SecondCell, makeNetwork, worldAddress } from './second_cell.mjs';
import { SmallDisk } from './small_disk.mjs';
import { makeTenants, nameOf } from './tenants.mjs';

const DRAIN_MS = 60000;
const READ_MS = 30000;   // for the database and the broker to answer questions
// With less, little was tested (R-0). In a short run the two restarts of PostgreSQL are a larger part.
const acceptedPct = (seconds) => (seconds >= 60 ? 95 : 80);
const MEMORY_MAX_MIB = 256; // of a process (an ASan build: four times as much)
const TENANTS = 10;
const SEND_TIMEOUT_MS = 8000; // as delivered (docs/settings.md)

// Limits that protect a business from one customer or address are out of the way: all load comes from
// one machine. Everything else is as delivered.
export const settings = {
  PARLEY_ADDRESS_RATE_PER_S: '1000000', PARLEY_SENDER_RATE_PER_S: '1000000', PARLEY_SENDER_BURST: '1000000',
  PARLEY_THROUGHPUT_PER_S: '5000', PARLEY_PAIR_INTERVAL_MS: '0',
};

// --- the outside world -----------------------------------------------------------------------------
export class World {
  constructor(options, program = 'chaos_load') {
    const args = Object.entries(options).flatMap(([name, values]) => [values].flat().flatMap((value) => [`--${name}`, String(value)]));
    this.child = spawn(path.join(build, 'tests', program), args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.program = program;
    this.child.stdin.on('error', () => {});
    this.ended = new Promise((resolve) => this.child.on('close', resolve));
    this.last = null;
    readline.createInterface({ input: this.child.stdout }).on('line', (line) => (this.last = JSON.parse(line)));
  }

  stopWriting() {
    this.child.stdin.write('\n');
  }

  get isQuiet() {
    const { last } = this;
    return last && !last.is_writing && ['messages', 'statuses'].every((kind) => last[kind].acked === last[kind].posted);
  }

  assertAlive() {
    if (this.child.exitCode !== null) throw new Error(`${this.program} ended with ${this.child.exitCode}`);
  }

  // Its files are written then.
  async end() {
    this.child.stdin.end();
    const code = await this.ended;
    if (code !== 0) throw new Error(`${this.program} ended with ${code}`);
    return this.last;
  }
}

// --- reading ---------------------------------------------------------------------------------------
const readLines = (file) => readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
const numbers = (row, names) => Object.assign(row, Object.fromEntries(names.map((name) => [name, Number(row[name])])));

// A question that is asked again while the database or the broker restarts.
async function patiently(ask) {
  const end = Date.now() + READ_MS;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(200);
    }
  }
}

async function readDatabase(parley) {
  const query = (sql) => patiently(() => parley.query(sql));
  const inbox = await query('select tenant_id, external_id, inbox_seq, conversation_id, turn_id, starts_turn from inbox');
  const turns = await query(`select t.tenant_id, t.turn_id, t.conversation_id, t.fence, t.inbox_seqs, t.outbox_count, t.decision, t.path, t.error_code, t.superseded_count, t.duration_ms,
    floor(1000 * extract(epoch from t.committed_at)) as committed_ms, coalesce(floor(1000 * extract(epoch from t.superseded_at)), 0) as superseded_ms,
    exists (select from turn_steps s where s.tenant_id = t.tenant_id and s.turn_id = t.turn_id and s.kind = 'effect') as has_receipt from turns t`);
  const outbox = await query('select tenant_id, outbox_id, conversation_id, seq, turn_id, author, owner_fence, state, attempt, unknown_count, error_code, error_text from outbox order by conversation_id, seq');
  const conversations = await query('select tenant_id, conversation_id, owner, owner_fence, channel_account_id from conversations');
  const changes = await query('select conversation_id, owner_fence, owner, changed_by, floor(1000 * extract(epoch from changed_at)) as changed_ms from owner_changes order by owner_fence');
  const accounts = await query('select tenant_id, external_id from channel_accounts');
  const effects = await query("select tenant_id, split_part(idempotency_key, '/', 1) as turn_id from incidents where idempotency_key ~ '^[0-9a-f-]{36}/'");
  for (const turn of turns) turn.inbox_seqs = turn.inbox_seqs.map(Number);
  return {
    inbox: inbox.map((row) => numbers(row, ['inbox_seq'])),
    turns: turns.map((row) => numbers(row, ['fence', 'outbox_count', 'committed_ms', 'superseded_ms'])),
    outbox: outbox.map((row) => numbers(row, ['seq', 'owner_fence', 'attempt'])),
    conversations: conversations.map((row) => numbers(row, ['owner_fence'])),
    owner_changes: changes.map((row) => numbers(row, ['owner_fence', 'changed_ms'])), accounts, effects,
  };
}

// Of each cell.
async function readCounters(parley) {
  const status = await patiently(() => parley.status());
  return Object.fromEntries(['accepted', 'replied', 'failed', 'cancelled', 'dead', 'open'].map((name) => [name, Number(status[name] ?? 0)]));
}

// --- the run ---------------------------------------------------------------------------------------
// What is still to be done; null while the database cannot say.
async function backlog(parley) {
  try {
    const [row] = await parley.query(`select (select count(*) from inbox where turn_id is null and starts_turn)::int as pending,
                                             (select count(*) from outbox_queue)::int as unsent`);
    return row;
  } catch {
    return null;
  }
}

// Milliseconds until all is acknowledged, answered and sent, or null when that did not happen in time.
export async function drain(parley, world, say, limitMs = DRAIN_MS) {
  const began = Date.now();
  let left = null;
  while (Date.now() - began < limitMs) {
    world.assertAlive();
    left = await backlog(parley);
    if (world.isQuiet && left && left.pending === 0 && left.unsent === 0) return Date.now() - began;
    await sleep(100);
  }
  say(`not drained in ${limitMs / 1000} s: ${JSON.stringify(left)}, ${JSON.stringify(world.last)}`);
  return null;
}

async function shake(parley, folder, port, options, say) {
  const world = new World({
    url: [parley, options.cell].filter(Boolean).map(({ url }) => `${url}/webhook/whatsapp`), secret, 'phone-id': phoneId, 'graph-host': options.host, 'graph-port': port, folder,
    tenants: TENANTS, conversations: options.conversations, rate: options.rate, seconds: options.seconds, seed: options.seed, 'puzzles-pct': options.puzzlesPct ?? 0,
  });
  const faults = (options.makeFaults ?? ((...args) => new Faults(...args)))(parley, { ...options, late: () => world.last?.late ?? 0 });
  faults.start();
  try {
    let end = Date.now() + options.seconds * 1000;
    faults.done?.then(() => (end = 0));
    for (let tellAt = Date.now() + 10000; Date.now() < end; await sleep(200)) {
      world.assertAlive();
      if (Date.now() < tellAt || !world.last) continue;
      tellAt += 10000;
      const { messages, sends } = world.last;
      const left = faults.done ? '' : `${Math.round((end - Date.now()) / 1000)} s left: `;
      say(`${left}${messages.posted} written, ${messages.acked} acknowledged, ${sends.accepted} replies, ${faults.kills_count} kills`);
    }
    world.stopWriting();
    const endedMs = Date.now();
    const drainMs = await drain(parley, world, say, options.drainMs);
    await faults.stop();
    return { world: await world.end(), faults, drainMs, endedMs };
  } finally {
    faults.isOver = true;
    world.child.kill('SIGKILL');
  }
}

function resultOf(data, { world, faults, drainMs }, options) {
  const { figures, findings } = judge(data);
  const times = replyTimes(data);
  const eventsOf = (what) => faults.events.filter((event) => event.what === what);
  const fullDisks = eventsOf('disk_full'), cellCuts = eventsOf('cell');
  const offered = world.messages.posted + world.late; // late: nobody could write
  const result = {
    seed: options.seed, seconds: options.seconds, rate: options.rate, conversations: options.conversations, offered,
    accepted: world.messages.acked, ...figures, kills: faults.kills_count,
    stops: faults.events.filter((event) => event.what === 'stop').length,
    cuts: faults.events.filter((event) => event.what === 'cut').length, lost_replies: faults.proxy?.lost_count ?? 0, takeovers: faults.takeovers.length,
    postgres_restarts: faults.events.filter((event) => event.what === 'postgres').length,
    disks_full: fullDisks.length, disk_back_max_ms: Math.max(0, ...fullDisks.map((event) => event.back_ms)), 
    cell_cuts: cellCuts.length, cells_given_up: cellCuts.filter((event) => event.is_given_up).length, late_commits_refused: faults.cell?.fencedCount() ?? 0, excused: faults.excused_count,
    p50_ms: percentile(times, 50), p99_ms: percentile(times, 99), max_ms: percentile(times, 100),
    ack_p99_ms: world.ack_p99_ms, drain_ms: drainMs, memory_max_mib: Math.max(...Object.values(faults.memory)),
    memory_mib: faults.memory, turns: data.turns.length, sends: world.sends, webhooks: world.messages, statuses: world.statuses,
    fallbacks: data.turns.filter((turn) => turn.path === 'fallback').length,
    agent_turns: data.turns.filter((turn) => turn.path === 'agent').length, effects_done: data.effects.length,
  };
  if (drainMs === null) findings.push(`drain: work was left after ${DRAIN_MS / 1000} s`);
  // While the disk is full or a cell cut off, customers wait for an acknowledgement and do not write.
  if (result.accepted < ((offered - result.excused) * (options.acceptedPct ?? acceptedPct(options.seconds))) / 100) findings.push(`load: only ${result.accepted} of ${offered} messages were accepted, so little was tested`);
  if (world.messages.refused + world.statuses.refused > 0) findings.push('webhooks: an answer was neither 200 nor 503 nor 429');
  if (options.isDiskFull && !fullDisks.some((event) => event.is_met)) findings.push('faults: the disk was never full for the database, so little was tested');
  if (faults.cell && result.cells_given_up === 0) findings.push('faults: no cell was cut off for longer than it counts as alive, so little was tested');
  const cap = MEMORY_MAX_MIB * (isSanitized ? 4 : 1);
  for (const [name, mib] of Object.entries(faults.memory)) if (mib > cap) findings.push(`memory: ${name} had ${mib} MiB, more than ${cap}`);
  if (world.sends.unknown > 0) findings.push('sends: the provider got requests without an outbox id or to a stranger');
  result.is_ok = findings.length === 0 && MUST_BE_0.every((name) => figures[name] === 0);
  return { result, findings };
}

// options: { seed, seconds, rate, conversations, killEveryMs, env }. Returns { result, findings, data, folder }; the folder of
// a run that failed is kept, with what was recorded in its folder chaos/.
export async function chaosRun(options, say = () => {}) {
  const port = await freePort();
  const isCells = options.cells > 1;
  const host = isCells ? worldAddress : '127.0.0.1';
  if (isCells) makeNetwork();
  const env = { ...settings, PARLEY_QUIET_WINDOW_MS: undefined, ...options.env };
  const parley = await Parley.start({ sim: { url: `http://${host}:${port}` }, env });
  const proxy = new DatabaseProxy(parley.socketFolder());
  let disk = null, cell = null;
  const stop = async ({ keep = false } = {}) => {
    await cell?.stop();
    await proxy.stop();
    await parley.stop({ keep: keep || disk });
    disk?.unmount(); // what was on it stays in its image
    if (disk && !keep) rmSync(parley.data, { recursive: true, force: true });
  };
  options.onStart?.({ data: parley.data, stop });
  let outcome = null;
  try {
    if (options.isDiskFull) {
      await parley.cli(['down'], { timeout: 90000 });
      disk = new SmallDisk(path.join(parley.data, 'pg'));
      await parley.up();
    }
    await proxy.start();
    parley.databasePort = ASIDE_PORT; // our own questions go straight
    const folder = path.join(parley.data, 'chaos');
    mkdirSync(folder);
    await makeTenants(parley, TENANTS);
    if (isCells) cell = await SecondCell.join(parley, proxy);
    await options.prepare?.(parley); // after all cells: each brings the functions of the database with it
    const shaken = await shake(parley, folder, port, { ...options, proxy, disk, cell, host }, say);
    const data = {
      messages: readLines(path.join(folder, 'messages.jsonl')), ledger: readLines(path.join(folder, 'ledger.jsonl')),
      ...(await readDatabase(parley)), faults: shaken.faults.events, takeovers: shaken.faults.takeovers, tenants: Array.from({ length: TENANTS }, (_, k) => nameOf(k)), counters: await Promise.all([parley, cell].filter(Boolean).map(readCounters)),
      statuses: { posted: shaken.world.statuses.posted, acked: shaken.world.statuses.acked }, send_timeout_ms: Number(env.PARLEY_SEND_TIMEOUT_MS ?? SEND_TIMEOUT_MS),
    };
    outcome = { ...resultOf(data, shaken, options), data, folder: parley.data };
    await options.inspect?.(parley, outcome);
    return outcome;
  } finally {
    await stop({ keep: (!outcome?.result.is_ok && !options.isLost) || options.keep });
  }
}

export const lineOf = (result) =>
  `seed ${result.seed}: ${result.accepted} accepted, ${result.lost} lost, ${result.duplicates} duplicates, ${result.ambiguous} ambiguous, ` +
  `${result.reordered} reordered, ${result.wrong_owner} wrong owner, ${result.unanswered} unanswered, ${result.stale} stale, ${result.superseded} superseded, ${result.given_up} given up, ${result.kills} kills, ${result.disks_full ? `${result.disks_full} times a full disk (back in ${result.disk_back_max_ms} ms at most), ` : ''}` +
  `${result.cell_cuts ? `a cell cut off ${result.cell_cuts} times (${result.cells_given_up} times given up, ${result.late_commits_refused} late commits refused), ` : ''}` +
  `p99 ${result.p99_ms} ms, drained in ${result.drain_ms ?? 'over 60000'} ms, at most ${result.memory_max_mib} MiB: ${result.is_ok ? 'ok' : 'FAILED'}`;
