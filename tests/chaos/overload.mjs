// Five times as many webhooks as can be answered (promises.md R-33): what can be answered is, the rest is told so
// at once, and soon after the flood everything is as before.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
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

async function stopStub(stub) {
  if (!stub || stub.exitCode !== null || stub.signalCode !== null) return;
  stub.kill('SIGKILL');
  await once(stub, 'exit'); // its port is the next one's
}

// What the host gave to others though we wanted it: then the machine is smaller than it says.
const TICKS_PER_S = 100;
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

// How many turns a second there are, closed loop. Beside a flood: while as many webhooks as are to be refused arrive
// at a server that answers them with next to no work. What that leaves is what a product could answer that refuses for nothing,
// on a machine that the flood's driver and the kernel's TCP share with it.
class Capacity {
  constructor(common, port, seconds) {
    Object.assign(this, { common, port, seconds, alone: [], beside: [] });
  }

  async turnsPerSecond(warmupSeconds) {
    const options = { ...this.common, 'graph-port': this.port, seconds: this.seconds, 'warmup-seconds': warmupSeconds, window: 1500, conversations: CONVERSATIONS };
    return (await drive('turn_load', options)).turns_per_s;
  }

  async measure(warmupSeconds) {
    this.alone.push(await this.turnsPerSecond(warmupSeconds));
    return this.alone.at(-1);
  }

  async measureBeside(refusedPerSecond) {
    const port = await freePort(), seconds = this.seconds + 3;
    const server = await startStub(this.common, port, seconds + 60);
    try {
      const flood = driveFlood({ ...this.common, url: `http://127.0.0.1:${port}/` }, refusedPerSecond, seconds);
      this.beside.push(await this.turnsPerSecond(2));
      await flood;
    } finally {
      await stopStub(server);
    }
  }
}

const driveFlood = (common, rate, seconds) =>
  drive('webhook_load', { ...common, type: 'greeting', rate: Math.round(rate), conversations: CONVERSATIONS, connections: CONNECTIONS, 'tick-us': DRIVER_TICK_US, seconds, 'warmup-seconds': 0 });

const mean = (list) => list.reduce((sum, value) => sum + value, 0) / list.length;

// options: { seconds, factor, capacitySeconds, warmupSeconds }
export async function overloadRun(options, say = () => {}) {
  const port = await freePort();
  const parley = await Parley.start({ sim: { url: `http://127.0.0.1:${port}` }, env: settings });
  options.onStart?.(parley);
  let stub = null;
  try {
    await parley.query('update tenants set loop_turns_max = 0'); // each customer says the same again and again
    const common = { url: `${parley.url}/webhook/whatsapp`, secret, 'phone-id': phoneId };
    const capacity = new Capacity(common, port, options.capacitySeconds);
    const before = await capacity.measure(options.warmupSeconds ?? WARMUP_S);
    await capacity.measureBeside((options.factor - 1) * before);
    say(`capacity: ${Math.round(before)} turns/s, ${Math.round(capacity.beside[0])} beside a flood that costs us nothing; now ${options.factor} times as many webhooks for ${options.seconds} s`);
    stub = await startStub(common, port, options.seconds + 120);
    const flood = driveFlood(common, before * options.factor, options.seconds);
    // The first seconds, until the flood is noticed, are not what is measured.
    await sleep(Math.min(5000, options.seconds * 250));
    const probe = new Probe(parley);
    const [fromCount, fromMs, memory, stolenFrom] = [await answeredCount(parley), Date.now(), memoryOf(parley), stolenSeconds()];
    // What a channel with processors of its own would see: the flood's driver waits for ours.
    const watch = drive('webhook_load', { ...common, type: 'greeting', rate: WATCH_PER_S, connections: 4, realtime: 10, seconds: Math.max(1, options.seconds - 6), 'warmup-seconds': 0 });
    const result = await flood;
    const watched = await watch;
    const seconds = (Date.now() - fromMs) / 1000;
    const stolenPct = Math.round((100 * (stolenSeconds() - stolenFrom)) / seconds);
    const goodput = ((await answeredCount(parley)) - fromCount) / seconds;
    const memoryAfter = memoryOf(parley);
    const left = await pendingCount(parley);
    const normalMs = await untilNormal(parley);
    const { shedMs, ackMs, wrong } = await probe.stop();
    await stopStub(stub);
    // The machine's speed changes within minutes: each is the mean of before and after.
    await capacity.measureBeside((options.factor - 1) * before);
    await capacity.measure(2);
    const sorted = (list) => list.sort((a, b) => a - b);
    const figures = {
      seconds: options.seconds, factor: options.factor, capacity_per_s: Math.round(mean(capacity.alone)), capacity_runs: capacity.alone.map(Math.round), beside_per_s: Math.round(mean(capacity.beside)), beside_runs: capacity.beside.map(Math.round), offered_per_s: Math.round((result.sent_total + result.unsent) / options.seconds),
      acked_per_s: Math.round(result.acked_total / options.seconds), goodput_per_s: Math.round(goodput), goodput_pct: Math.round((100 * goodput) / mean(capacity.beside)), goodput_pct_of_all: Math.round((100 * goodput) / mean(capacity.alone)),
      shed: result.shed, watch_shed: watched.shed, shed_p99_ms: watched.shed_p99_ms, flood_shed_p99_ms: result.shed_p99_ms, probe_shed_p99_ms: percentile(sorted(shedMs), 99), ack_p99_ms: percentile(sorted(ackMs), 99),
      errors: result.errors - result.shed + watched.errors - watched.shed, wrong, unsent: result.unsent, watch_is_realtime: watched.is_realtime, driver_cpu_pct: result.driver_cpu_pct, stolen_cpu_pct: stolenPct,
      pending_at_end: left, normal_after_ms: normalMs, memory_mib: memory, memory_after_mib: memoryAfter,
    };
    figures.pending_later = await drained(parley);
    figures.stored = Number((await parley.query('select count(*) as n from inbox'))[0].n);
    return { ...figures, acked: result.acked_total };
  } finally {
    await stopStub(stub);
    await parley.stop();
  }
}

async function drained(parley) {
  let left = Infinity;
  for (const end = Date.now() + 30000; Date.now() < end && left > 0; await sleep(200)) left = await pendingCount(parley);
  return left;
}

export const overloadLine = (figures) =>
  `${figures.factor} x ${figures.capacity_per_s} turns/s for ${figures.seconds} s: ${figures.goodput_per_s} answered a second (${figures.goodput_pct_of_all} %, and ${figures.goodput_pct} % of the ${figures.beside_per_s} that such a flood leaves where it costs nothing), ${figures.shed} refused with p99 ${figures.shed_p99_ms} ms, ` +
  `normal after ${figures.normal_after_ms} ms, memory ${Math.max(...Object.values(figures.memory_mib))} to ${Math.max(...Object.values(figures.memory_after_mib))} MiB`;
