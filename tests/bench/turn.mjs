// bench turn: from a signed webhook to the reply at the Graph API, through the whole product: stored,
// taken up, understood, answered by a flow, committed, sent, the result committed.
import path from 'node:path';

import { phoneId, secret, freePort } from '../harness/parley.mjs';
import { ParleyContestant, PARLEY_SETTINGS } from './contestants.mjs';
import { drive } from './driver.mjs';
import { median, say, table } from './report.mjs';

export const BARS = { turns_per_s: 1500, p99_ms: 25, rate: 300 };
const WINDOW = 128;
const CONVERSATIONS = 1024;

function check(result, what) {
  if (!result.is_exact) throw new Error(`${what}: not every turn got exactly one reply: ${JSON.stringify(result)}`);
  return result;
}

export async function benchTurn(folder, { rounds, seconds, warmup }) {
  const port = await freePort();
  const parley = new ParleyContestant(path.join(folder, 'parley'), { graphUrl: `http://127.0.0.1:${port}` });
  const url = await parley.start();
  await parley.query('update parley.tenants set loop_turns_max = 0'); // each customer says the same again and again
  const run = (options) => drive('turn_load', {
    url, secret, 'phone-id': phoneId, 'graph-port': port, conversations: CONVERSATIONS, seconds, 'warmup-seconds': warmup,
    expect: '"interactive"', ...options,
  });
  const full = [], steady = [];
  for (let round = 1; round <= rounds; round++) {
    full.push(check(await run({ window: WINDOW }), 'saturation'));
    say(`round ${round}: ${Math.round(full.at(-1).turns_per_s)} turns/s with ${WINDOW} open, p99 ${full.at(-1).p99_ms} ms`);
    steady.push(check(await run({ rate: BARS.rate }), `${BARS.rate}/s`));
    say(`round ${round}: at ${BARS.rate}/s p50 ${steady.at(-1).p50_ms} ms, p99 ${steady.at(-1).p99_ms} ms`);
  }
  const paths = await parley.query('select path, decision, count(*)::int as turns from parley.turns group by 1, 2 order by 3 desc');
  await parley.stop();
  return report({ full, steady, paths }, { rounds, seconds, warmup });
}

function report({ full, steady, paths }, { rounds, seconds, warmup }) {
  const middle = (results, key) => median(results.map((result) => result[key]));
  const result = {
    turns_per_s: middle(full, 'turns_per_s'), p50_ms: middle(steady, 'p50_ms'), p99_ms: middle(steady, 'p99_ms'),
    saturation: { window: WINDOW, p50_ms: middle(full, 'p50_ms'), p99_ms: middle(full, 'p99_ms'), rounds: full },
    steady: { rate: BARS.rate, rounds: steady },
    paths,
  };
  result.bars = {
    turns_per_s: { at_least: BARS.turns_per_s, is_met: result.turns_per_s >= BARS.turns_per_s },
    p99_ms: { at_most: BARS.p99_ms, is_met: result.p99_ms <= BARS.p99_ms },
  };
  return { ...result, rounds, seconds, warmup_seconds: warmup, conversations: CONVERSATIONS, settings: PARLEY_SETTINGS };
}

export function turnText(result) {
  const mark = (bar) => (bar.is_met ? 'met' : 'NOT met');
  return [
    table(['', 'turns/s', 'p50 ms', 'p99 ms'], [
      [`as fast as it goes, ${result.saturation.window} open`, Math.round(result.turns_per_s), result.saturation.p50_ms.toFixed(1), result.saturation.p99_ms.toFixed(1)],
      [`at ${result.steady.rate} a second`, result.steady.rate, result.p50_ms.toFixed(2), result.p99_ms.toFixed(2)],
    ]),
    `bar: at least ${BARS.turns_per_s} turns/s: ${mark(result.bars.turns_per_s)}`,
    `bar: p99 at ${BARS.rate}/s at most ${BARS.p99_ms} ms: ${mark(result.bars.p99_ms)}`,
    `how they were answered: ${result.paths.map(({ path: way, turns }) => `${way} ${turns}`).join(', ')}`,
    'every turn got exactly one reply, each conversation one after the other',
  ].join('\n');
}
