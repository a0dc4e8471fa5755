// bench bus: requests and replies through our broker as it runs in production, through nothing but
// zmq_proxy, and through a NATS server, in turn, so that what else the machine does hits all three.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';

import { build, sleep, freePort } from '../harness/parley.mjs';
import { drive } from './driver.mjs';
import { median, say, table } from './report.mjs';
import { onEnd } from './stack.mjs';

export const BARS = { of_proxy_at_least: 0.5, p50_of_proxy_at_most: 2, of_nats_at_least: 1 };
const WINDOWS = [1, 64, 1000];
const START_MS = 5000;

async function listens(port) {
  const socket = connect(port, '127.0.0.1');
  const isOpen = await new Promise((resolve) => {
    socket.on('connect', () => resolve(true));
    socket.on('error', () => resolve(false));
  });
  socket.destroy();
  return isOpen;
}

// Returns its address.
async function startNats() {
  const port = await freePort();
  const server = spawn('nats-server', ['-a', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' });
  let failure;
  server.on('error', (error) => (failure = error));
  const ended = new Promise((resolve) => server.on('close', resolve));
  onEnd(async () => {
    server.kill('SIGTERM');
    if (!failure) await ended;
  });
  for (const until = Date.now() + START_MS; Date.now() < until; await sleep(50)) {
    if (failure) throw new Error(`nats-server: ${failure.message}`);
    if (await listens(port)) return `nats://127.0.0.1:${port}`;
  }
  throw new Error(`nats-server does not listen after ${START_MS} ms`);
}

// What each contestant's driver is told; a folder of its own for each round of the proxy's sockets.
async function makeContestants(folder) {
  if (!existsSync(path.join(build, 'tests/bus_nats'))) throw new Error('bus_nats is not built: install libnats-dev and configure again (./parley bench bus does it)');
  const nats = await startNats();
  let rounds = 0;
  return {
    parley: { program: 'bus_parley', target: () => path.join(build, 'services/parley-broker') },
    proxy: {
      program: 'bus_proxy',
      target: () => {
        const own = path.join(folder, `proxy-${rounds++}`);
        mkdirSync(own);
        return own;
      },
    },
    nats: { program: 'bus_nats', target: () => nats },
  };
}

async function runRound(name, contestant, window, { seconds, warmup }) {
  const figures = await drive(contestant.program, { target: contestant.target(), window, seconds, warmup });
  if (figures.code !== 0) throw new Error(`${name} at window ${window}: ${figures.errors} errors, ${figures.answers} answers`);
  return figures;
}

const KEYS = ['per_s', 'p50_ms', 'p99_ms'];
const summary = (rounds) => Object.fromEntries(KEYS.map((key) => [key, Number(median(rounds.map((round) => round[key])).toFixed(4))]));

function ratiosOf(windows) {
  const ratio = (a, b) => Number((a / b).toFixed(3));
  return Object.fromEntries(
    Object.entries(windows).map(([window, { parley, proxy, nats }]) => [
      window,
      { of_proxy: ratio(parley.per_s, proxy.per_s), p50_of_proxy: ratio(parley.p50_ms, proxy.p50_ms), of_nats: ratio(parley.per_s, nats.per_s) },
    ]),
  );
}

const barsOf = (ratios) => ({
  'window 64: of the proxy': { at_least: BARS.of_proxy_at_least, seen: ratios[64].of_proxy, is_met: ratios[64].of_proxy >= BARS.of_proxy_at_least },
  'window 1000: of the proxy': { at_least: BARS.of_proxy_at_least, seen: ratios[1000].of_proxy, is_met: ratios[1000].of_proxy >= BARS.of_proxy_at_least },
  'window 1: p50 of the proxy': { at_most: BARS.p50_of_proxy_at_most, seen: ratios[1].p50_of_proxy, is_met: ratios[1].p50_of_proxy <= BARS.p50_of_proxy_at_most },
  'window 64: of NATS': { at_least: BARS.of_nats_at_least, seen: ratios[64].of_nats, is_met: ratios[64].of_nats >= BARS.of_nats_at_least },
});

export async function benchBus(folder, options) {
  const contestants = await makeContestants(folder);
  const rounds = Object.fromEntries(WINDOWS.map((window) => [window, Object.fromEntries(Object.keys(contestants).map((name) => [name, []]))]));
  for (let i = 0; i < options.rounds; i++) {
    say(`round ${i + 1} of ${options.rounds}`);
    for (const window of WINDOWS) {
      for (const [name, contestant] of Object.entries(contestants)) rounds[window][name].push(await runRound(name, contestant, window, options));
    }
  }
  const windows = Object.fromEntries(
    WINDOWS.map((window) => [window, Object.fromEntries(Object.entries(rounds[window]).map(([name, list]) => [name, summary(list)]))]),
  );
  const ratios = ratiosOf(windows);
  return { windows, ratios, bars: barsOf(ratios), rounds: options.rounds, seconds: options.seconds, body_bytes: 512 };
}

export function busText(result) {
  const names = { parley: 'Parley, all on', proxy: 'zmq_proxy alone', nats: 'NATS' };
  const rows = Object.entries(result.windows).flatMap(([window, contestants]) =>
    Object.entries(contestants).map(([name, one]) => [names[name], window, Math.round(one.per_s), one.p50_ms.toFixed(3), one.p99_ms.toFixed(3), (one.per_s / contestants.proxy.per_s).toFixed(2)]),
  );
  const bars = Object.entries(result.bars).map(([name, bar]) => `${name}: ${bar.seen}, ${bar.at_least === undefined ? `at most ${bar.at_most}` : `at least ${bar.at_least}`}: ${bar.is_met ? 'met' : 'NOT met'}`);
  return [table(['through', 'window', 'requests/s', 'p50 ms', 'p99 ms', 'of the proxy'], rows), ...bars].join('\n');
}
