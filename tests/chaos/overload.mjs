// Five times as many webhooks as can be answered (promises.md R-33): what can be answered is, the rest is told so
// at once, and soon after the flood everything is as before.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';

import { drive } from '../bench/driver.mjs';
import { build, Parley, phoneId, secret, sign, sleep, textMessage, envelope, freePort } from '../harness/parley.mjs';
import { memoryOf } from './faults.mjs';
import { percentile } from './oracle.mjs';

// Who writes again before the last answer is sent makes it stale, and work of no use: so many, that few do.
const CONVERSATIONS = 20000;
const WARMUP_S = 30; // all of them have written once
const CONNECTIONS = 256;
const DRIVER_TICK_US = 500; // how exact its times are; more often takes more of the machine
const WATCH_PER_S = 100;
const PROBE_EVERY_MS = 50;
const NORMAL_MS = 10000; // after the flood
const DELAY_NORMAL_MS = 1000; // of a reply, then

const settings = {
  PARLEY_ADDRESS_RATE_PER_S: '1000000', PARLEY_SENDER_RATE_PER_S: '1000000', PARLEY_SENDER_BURST: '1000000',
  PARLEY_THROUGHPUT_PER_S: '100000', PARLEY_PAIR_INTERVAL_MS: '0', PARLEY_QUIET_WINDOW_MS: undefined,
};

// The same Graph API that the capacity was measured with, and next to no load of its own.
async function startStub(common, port, seconds) {
  const options = { ...common, 'graph-port': port, rate: 0.1, seconds, 'warmup-seconds': 0 };
  const child = spawn(path.join(build, 'tests/turn_load'), Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]), { stdio: 'ignore' });
  await sleep(300);
  return child;
}

// Of the cores: what the outside world takes is not ours to answer with.
const TICKS_PER_S = 100;
const cpuSeconds = (pid) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_S;

// What the host gave to others though we wanted it: then the machine is smaller than it says.
const stolenSeconds = () => Number(readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/ +/)[8]) / TICKS_PER_S;

const answeredCount = async (parley) => Number((await parley.query('select coalesce(sum(cardinality(inbox_seqs)), 0) as n from turns where superseded_at is null'))[0].n);
const pendingCount = async (parley) => Number((await parley.query('select count(*) as n from inbox where turn_id is null and starts_turn'))[0].n);

// Asks beside the flood, as one customer of ours would: how long an answer takes, and whether a refusal says when
// to come again.
class Probe {
  constructor(parley) {
    Object.assign(this, { parley, isOver: false, shedMs: [], ackMs: [], wrong: [] });
    this.running = this.run();
  }

  async ask() {
    const body = JSON.stringify(envelope([textMessage('4479000000001', 'hola')]));
    const began = performance.now();
    const { status, headers } = await this.parley.post('/webhook/whatsapp', body, { 'x-hub-signature-256': sign(body) });
    const ms = performance.now() - began;
    if (status === 200) this.ackMs.push(ms);
    else if ((status === 503 || status === 429) && Number(headers['retry-after']) >= 1) this.shedMs.push(ms);
    else this.wrong.push(status);
  }

  async run() {
    for (; !this.isOver; await sleep(PROBE_EVERY_MS)) await this.ask();
  }

  async stop() {
    this.isOver = true;
    await this.running;
    return this;
  }
}

// Milliseconds until a message is answered within a second of being written, and little waits.
async function untilNormal(parley) {
  const began = Date.now();
  for (let i = 0; Date.now() - began < 3 * NORMAL_MS; i++) {
    const from = `44790001${String(i).padStart(5, '0')}`;
    const written = Date.now();
    await parley.deliver([textMessage(from, 'hola')]);
    while (Date.now() - written < DELAY_NORMAL_MS) {
      const [row] = await parley.query(
        `select 1 from outbox o join conversations c using (tenant_id, conversation_id) where c.address = $1 and o.state <> 'queued' and o.state <> 'sending'`, [from]);
      if (row) return Date.now() - began;
      await sleep(20);
    }
  }
  return null;
}

// options: { seconds, factor, capacitySeconds, warmupSeconds }
export async function overloadRun(options, say = () => {}) {
  const port = await freePort();
  const parley = await Parley.start({ sim: { url: `http://127.0.0.1:${port}` }, env: settings });
  options.onStart?.(parley);
  let stub = null;
  try {
    await parley.query('update tenants set loop_turns_max = 0'); // each customer says the same again and again
    const url = `${parley.url}/webhook/whatsapp`;
    const common = { url, secret, 'phone-id': phoneId };
    const measure = async (warmupSeconds) => {
      const [from, fromMs] = [stolenSeconds(), Date.now()];
      const result = await drive('turn_load', { ...common, 'graph-port': port, seconds: options.capacitySeconds, 'warmup-seconds': warmupSeconds, window: 1500, conversations: CONVERSATIONS });
      return { ...result, foreign_cpu_pct: result.driver_cpu_pct + (100 * (stolenSeconds() - from)) / ((Date.now() - fromMs) / 1000) };
    };
    const before = await measure(options.warmupSeconds ?? WARMUP_S);
    say(`capacity: ${Math.round(before.turns_per_s)} turns/s; now ${options.factor} times as many webhooks for ${options.seconds} s`);
    stub = await startStub(common, port, options.seconds + 120);
    const flood = drive('webhook_load', { ...common, type: 'greeting', rate: Math.round(before.turns_per_s * options.factor), conversations: CONVERSATIONS, connections: CONNECTIONS, 'tick-us': DRIVER_TICK_US, seconds: options.seconds, 'warmup-seconds': 0 });
    // The first seconds, until the flood is noticed, are not what is measured.
    await sleep(Math.min(5000, options.seconds * 250));
    const probe = new Probe(parley);
    const [fromCount, fromMs, memory] = [await answeredCount(parley), Date.now(), memoryOf(parley)];
    // What a channel with processors of its own would see: the flood's driver waits for ours.
    const watch = drive('webhook_load', { ...common, type: 'greeting', rate: WATCH_PER_S, connections: 4, realtime: 10, seconds: Math.max(1, options.seconds - 6), 'warmup-seconds': 0 });
    const [stubFrom, stolenFrom] = [cpuSeconds(stub.pid), stolenSeconds()];
    const result = await flood;
    const pctSince = (seconds) => (100 * seconds) / ((Date.now() - fromMs) / 1000);
    const stubPct = pctSince(cpuSeconds(stub.pid) - stubFrom);
    const watched = await watch;
    const stolenPct = Math.round(pctSince(stolenSeconds() - stolenFrom));
    const goodput = ((await answeredCount(parley)) - fromCount) / ((Date.now() - fromMs) / 1000);
    const memoryAfter = memoryOf(parley);
    const left = await pendingCount(parley);
    const normalMs = await untilNormal(parley);
    const { shedMs, ackMs, wrong } = await probe.stop();
    stub.kill('SIGKILL');
    await once(stub, 'exit'); // its port is the next one's
    // The machine's speed changes within minutes: capacity is the mean of before and after. leftShare: how much of
    // the machine driver, stub and host left in the flood, of what they left while capacity was measured.
    const after = await measure(2);
    const capacity = (before.turns_per_s + after.turns_per_s) / 2;
    const foreignPct = (before.foreign_cpu_pct + after.foreign_cpu_pct) / 2;
    const allPct = 100 * availableParallelism();
    const leftShare = (allPct - result.driver_cpu_pct - stubPct - stolenPct) / (allPct - foreignPct);
    const sorted = (list) => list.sort((a, b) => a - b);
    const figures = {
      seconds: options.seconds, factor: options.factor, capacity_per_s: Math.round(capacity), capacity_before_per_s: Math.round(before.turns_per_s), capacity_after_per_s: Math.round(after.turns_per_s), offered_per_s: Math.round((result.sent_total + result.unsent) / options.seconds),
      acked_per_s: Math.round(result.acked_total / options.seconds), goodput_per_s: Math.round(goodput), goodput_pct: Math.round((100 * goodput) / (capacity * Math.min(leftShare, 1))), goodput_pct_of_all: Math.round((100 * goodput) / capacity),
      shed: result.shed, watch_shed: watched.shed, shed_p99_ms: watched.shed_p99_ms, flood_shed_p99_ms: result.shed_p99_ms, probe_shed_p99_ms: percentile(sorted(shedMs), 99), ack_p99_ms: percentile(sorted(ackMs), 99),
      errors: result.errors - result.shed + watched.errors - watched.shed, wrong, unsent: result.unsent, watch_is_realtime: watched.is_realtime, driver_cpu_pct: result.driver_cpu_pct, stub_cpu_pct: Math.round(stubPct), stolen_cpu_pct: stolenPct, capacity_foreign_cpu_pct: Math.round(foreignPct),
      pending_at_end: left, normal_after_ms: normalMs, memory_mib: memory, memory_after_mib: memoryAfter,
    };
    figures.pending_later = await drained(parley);
    figures.stored = Number((await parley.query('select count(*) as n from inbox'))[0].n);
    return { ...figures, acked: result.acked_total };
  } finally {
    stub?.kill('SIGKILL');
    await parley.stop();
  }
}

async function drained(parley) {
  let left = Infinity;
  for (const end = Date.now() + 30000; Date.now() < end && left > 0; await sleep(200)) left = await pendingCount(parley);
  return left;
}

export const overloadLine = (figures) =>
  `${figures.factor} x ${figures.capacity_per_s} turns/s for ${figures.seconds} s: ${figures.goodput_per_s} answered a second (${figures.goodput_pct} % of what driver and host leave, ${figures.goodput_pct_of_all} % of all), ${figures.shed} refused with p99 ${figures.shed_p99_ms} ms, ` +
  `normal after ${figures.normal_after_ms} ms, memory ${Math.max(...Object.values(figures.memory_mib))} to ${Math.max(...Object.values(figures.memory_after_mib))} MiB`;
