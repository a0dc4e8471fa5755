// bench webhook: durable acknowledged webhooks a second, of Parley and of two usual ways to write the
// same. The contest is "store only": the messages are reactions, which Parley stores and never
// answers, because the peers answer nothing either. parley_with_turns is the product at its real work:
// texts, and each conversation is answered while more come in.
import path from 'node:path';

import { phoneId, secret, sleep } from '../harness/parley.mjs';
import { serverOf } from './cluster.mjs';
import { Express, FastApi, ParleyContestant, startSim } from './contestants.mjs';
import { drive } from './driver.mjs';
import { median, say, table } from './report.mjs';

export const BARS = { fastapi: 15, express: 3 };
const CONVERSATIONS = 1000;
const CALIBRATION = { seconds: 3, warmup: 1 };
const WORKERS = [1, 2]; // of peers
const CONNECTIONS = [64, 128];

async function contestantsIn(folder, server) {
  const peers = [
    ['fastapi', FastApi, 'idiomatic'], ['express', Express, 'idiomatic'],
    ['fastapi_tuned', FastApi, 'tuned'], ['express_tuned', Express, 'tuned'],
  ].map(([name, Kind, style]) => new Kind(path.join(folder, name), server, { name, style, workers: 1 }));
  const withTurns = new ParleyContestant(path.join(folder, 'turns'), { name: 'parley_with_turns', graphUrl: await startSim() });
  return [peers[0], peers[1], withTurns, peers[2], peers[3]];
}

// One round: only this contestant runs. Everything acknowledged in all its rounds must be stored.
async function measure(contestant, { seconds, warmup }) {
  const url = await contestant.start();
  const result = await drive('webhook_load', {
    url, secret, 'phone-id': phoneId, connections: contestant.connections, conversations: CONVERSATIONS,
    type: contestant.name === 'parley_with_turns' ? 'text' : 'reaction', seconds, 'warmup-seconds': warmup,
  });
  contestant.acked = (contestant.acked ?? 0) + result.acked_total;
  contestant.errors = (contestant.errors ?? 0) + result.errors;
  if (contestant.name === 'parley_with_turns') result.unanswered = await contestant.settle();
  result.stored = await contestant.stored();
  await contestant.stop();
  if (result.stored < contestant.acked) throw new Error(`${contestant.name} acknowledged ${contestant.acked} and stored ${result.stored}`);
  if (result.errors > 0) throw new Error(`${contestant.name}: ${result.errors} webhooks failed, so its figure means nothing`);
  await sleep(500);
  return result;
}

// Each contestant is measured with as many connections, and a peer with as many worker processes, as are
// best for it.
async function choose(contestant) {
  const trials = [];
  for (const workers of contestant.workers ? WORKERS : [undefined])
    for (const connections of CONNECTIONS) {
      Object.assign(contestant, { workers, connections });
      trials.push({ workers, connections, per_s: (await measure(contestant, CALIBRATION)).per_s });
    }
  const best = trials.reduce((a, b) => (b.per_s > a.per_s ? b : a));
  Object.assign(contestant, { workers: best.workers, connections: best.connections });
  say(`${contestant.name}: ${trials.map((t) => `${Math.round(t.per_s)}/s with ${t.workers ? `${t.workers} processes and ` : ''}${t.connections} connections`).join(', ')}`);
  return trials;
}

function summary(contestant, results) {
  const middle = (key) => median(results.map((result) => result[key]));
  return {
    per_s: middle('per_s'), p50_ms: middle('p50_ms'), p99_ms: middle('p99_ms'), rounds_per_s: results.map((r) => r.per_s),
    rounds_p99_ms: results.map((r) => r.p99_ms), acked: contestant.acked, stored: results.at(-1).stored,
    errors: contestant.errors, connections: contestant.connections, ...(contestant.workers && { processes: contestant.workers }),
    ...(results[0].unanswered !== undefined && { unanswered: Math.max(...results.map((r) => r.unanswered)) }),
  };
}

function judge(result) {
  const ratio = (name) => Number((result.parley.per_s / result[name].per_s).toFixed(2));
  result.ratios = Object.fromEntries(['fastapi', 'express', 'fastapi_tuned', 'express_tuned'].map((name) => [name, ratio(name)]));
  result.bars = {
    fastapi: { at_least: BARS.fastapi, is_met: result.ratios.fastapi >= BARS.fastapi },
    express: { at_least: BARS.express, is_met: result.ratios.express >= BARS.express },
    p99: { is_met: ['fastapi', 'express'].every((name) => result.parley.p99_ms <= result[name].p99_ms) },
  };
}

export async function benchWebhook(folder, { rounds, seconds, warmup }) {
  const parley = new ParleyContestant(path.join(folder, 'parley'));
  await parley.create();
  const server = serverOf(parley.clusterFolder);
  const others = await contestantsIn(folder, server);
  const contestants = [parley, ...others];
  const trials = {};
  for (const contestant of others) await contestant.create();
  for (const contestant of contestants) trials[contestant.name] = await choose(contestant);

  const results = Object.fromEntries(contestants.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const contestant of contestants) {
      const result = await measure(contestant, { seconds, warmup });
      results[contestant.name].push(result);
      say(`round ${round}: ${contestant.name} ${Math.round(result.per_s)}/s, p50 ${result.p50_ms} ms, p99 ${result.p99_ms} ms`);
    }
  }
  const result = Object.fromEntries(contestants.map((one) => [one.name, summary(one, results[one.name])]));
  judge(result);
  return {
    ...result, trials, rounds, seconds, warmup_seconds: warmup,
    conversations: CONVERSATIONS, settings: parley.settings, postgres_options: server.options,
  };
}

export function webhookText(result) {
  const row = (name, title) => {
    const { per_s, p50_ms, p99_ms, processes, connections } = result[name];
    const ratio = result.ratios[name];
    return [title, processes ?? '', connections, Math.round(per_s), p50_ms.toFixed(2), p99_ms.toFixed(2), ratio ? `${ratio.toFixed(1)} x` : ''];
  };
  const mark = (bar) => (bar.is_met ? 'met' : 'NOT met');
  return [
    table(['', 'processes', 'connections', 'webhooks/s', 'p50 ms', 'p99 ms', 'Parley is'], [
      row('parley', 'Parley, store only'), row('fastapi', 'FastAPI + SQLAlchemy'), row('express', 'Express + pg'),
      row('fastapi_tuned', 'FastAPI, tuned'), row('express_tuned', 'Express, tuned'), row('parley_with_turns', 'Parley, with turns'),
    ]),
    `bar: at least ${BARS.fastapi} x FastAPI + SQLAlchemy: ${result.ratios.fastapi} x, ${mark(result.bars.fastapi)}`,
    `bar: at least ${BARS.express} x Express + pg: ${result.ratios.express} x, ${mark(result.bars.express)}`,
    `bar: p99 no worse than either: ${mark(result.bars.p99)}`,
    `every acknowledged webhook was stored: ${result.parley.acked} of Parley's, and those of all others`,
  ].join('\n');
}
