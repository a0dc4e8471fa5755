// bench model: what the model gateway takes: processor time of a streamed answer of 2,000 tokens, memory and
// loop lag of many slow calls at a time. The provider is tests/sim/model_sim.
import path from 'node:path';

import { ModelSim, costOf, modelLoad } from '../harness/models.mjs';
import { ParleyContestant } from './contestants.mjs';
import { table } from './report.mjs';
import { onEnd } from './stack.mjs';

const TOKENS = 2000;
const bars = { cpu_ms: 2, resident_mb: 60, lag_p99_ms: 10 };

async function streamed(parley, sim, pid, { dialect, model, base }, calls) {
  await parley.cli(['model', 'set', '--role', 'agent', '--provider', dialect, '--dialect', dialect, '--model', model, '--base-url', sim.url + base]);
  await sim.reset();
  await sim.script({ tokens: TOKENS, times: 0 });
  await modelLoad(parley, { calls: 10, parallel: 1, parts: 16 }); // warm
  const before = costOf(pid).cpuMs;
  const load = await modelLoad(parley, { calls, parallel: 1, parts: 16 });
  return { dialect, calls: load.ok, parts: load.parts, cpu_ms: Number(((costOf(pid).cpuMs - before) / calls).toFixed(3)) };
}

async function slow(parley, sim, pid, { calls, seconds }) {
  await sim.reset();
  await sim.script({ text: 'slow', delay_ms: seconds * 1000, times: 0 });
  let most = 0;
  const before = costOf(pid);
  const watch = setInterval(() => (most = Math.max(most, costOf(pid).rss)), 250);
  const load = await modelLoad(parley, { calls, parallel: calls, 'budget-ms': seconds * 1000 + 30000 });
  clearInterval(watch);
  const after = costOf(pid);
  return { calls, seconds, cpu_ms: Math.round(after.cpuMs - before.cpuMs), waited_ms: Math.round(after.waitMs - before.waitMs), ok: load.ok, failed: load.failed, resident_mb: Number(most.toFixed(1)), lag_p50_ms: load.lag_p50_ms, lag_p99_ms: load.lag_p99_ms, lag_max_ms: load.lag_max_ms };
}

export async function benchModel(folder, { isQuick }) {
  const sim = await ModelSim.start();
  onEnd(() => sim.stop());
  const parley = new ParleyContestant(path.join(folder, 'parley'), {
    settings: { PARLEY_ALLOW_PRIVATE_ADDRESSES: 'true', PARLEY_MODEL_CONCURRENCY: '2048', OPENAI_API_KEY: '', OPENAI_BASE_URL: '' } });
  await parley.start();
  const pid = await parley.pidOf('model');
  const streams = [];
  for (const one of [{ dialect: 'anthropic', model: 'claude-haiku-5-5', base: '' }, { dialect: 'openai', model: 'gpt-6-luna', base: '/v1' },
    { dialect: 'openai_compatible', model: 'qwen3', base: '/v1' }, { dialect: 'gemini', model: 'gemini-3.8-flash', base: '/v1beta' }])
    streams.push(await streamed(parley, sim, pid, one, isQuick ? 20 : 200));
  const many = await slow(parley, sim, pid, { calls: 1000, seconds: isQuick ? 5 : 60 });
  await parley.stop();
  await sim.stop();
  const isMet = streams.every((one) => one.cpu_ms <= bars.cpu_ms) && many.resident_mb <= bars.resident_mb && many.lag_p99_ms <= bars.lag_p99_ms;
  return { tokens: TOKENS, streams, many, bar: { ...bars, is_met: isMet } };
}

export function modelText(result) {
  return [
    table(['dialect', 'streamed', 'parts each', 'CPU ms each'], result.streams.map((one) => [one.dialect, one.calls, (one.parts / one.calls).toFixed(1), one.cpu_ms.toFixed(2)])),
    `${result.many.ok} calls of ${result.many.seconds} s at a time: ${result.many.resident_mb} MB resident, lag p50 ${result.many.lag_p50_ms} ms, p99 ${result.many.lag_p99_ms} ms, most ${result.many.lag_max_ms} ms; ${result.many.cpu_ms} ms of processor time, and ${result.many.waited_ms} ms of waiting for a processor`,
    `bars: ${bars.cpu_ms} ms for ${result.tokens} tokens, ${bars.resident_mb} MB, p99 ${bars.lag_p99_ms} ms: ${result.bar.is_met ? 'met' : 'NOT met'}`,
  ].join('\n');
}
