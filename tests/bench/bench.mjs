// ./parley bench webhook|turn|memory|bus|model [--json] [--quick] [--rounds N] [--seconds S] [--warmup S]
// Measures the built product, prints a table or one JSON object, and removes all it made. Ends with 1
// when the figures mean nothing (something failed or was lost), not when a bar is missed.
import { execFileSync } from 'node:child_process';
import { existsSync, chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { describe, pin } from './machine.mjs';
import { say } from './report.mjs';
import { onEnd, stopAll } from './stack.mjs';

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const CPUS = 2;
// The bus is compared in many short rounds: ratios hold on a machine that does other things too.
const full = { others: { rounds: 3, seconds: 8, warmup: 2 }, bus: { rounds: 7, seconds: 1.5, warmup: 0.5 } };
const quick = { others: { rounds: 1, seconds: 3, warmup: 1 }, bus: { rounds: 1, seconds: 0.5, warmup: 0.3 } };
const usage = `usage: ./parley bench webhook|turn|memory|bus|model [options]
  --json        one JSON object
  --quick       one short round of each: to see that it works, not for figures
  --rounds N    rounds, interleaved; medians are reported (3; bus: 7)
  --seconds S   measured time of a round (8; bus: 1.5)
  --warmup S    time before it that does not count (2; bus: 0.5)
`;

const benches = {
  webhook: async (folder, options) => {
    needModules(path.join(here, 'peers/express'));
    const { benchWebhook, webhookText } = await import('./webhook.mjs');
    return [await benchWebhook(folder, options), webhookText];
  },
  turn: async (folder, options) => {
    const { benchTurn, turnText } = await import('./turn.mjs');
    return [await benchTurn(folder, options), turnText];
  },
  bus: async (folder, options) => {
    const { benchBus, busText } = await import('./bus.mjs');
    return [await benchBus(folder, options), busText];
  },
  model: async (folder, options) => {
    const { benchModel, modelText } = await import('./model.mjs');
    return [await benchModel(folder, options), modelText];
  },
  memory: async (folder, { isQuick }) => {
    const { benchMemory, memoryText } = await import('./memory.mjs');
    return [await benchMemory(folder, { idleSeconds: isQuick ? 2 : 10 }), memoryText];
  },
};

function needModules(folder) {
  if (existsSync(path.join(folder, 'node_modules'))) return;
  say(`npm ci in ${path.relative(process.cwd(), folder)}`);
  execFileSync('npm', ['ci', '--silent', '--no-fund', '--no-audit'], { cwd: folder, stdio: ['ignore', 2, 2] });
}

function readOptions() {
  const number = (text, name) => {
    const value = Number(text);
    if (!(value > 0)) throw new Error(`--${name} must be a number over 0 (example: --${name} 3)`);
    return value;
  };
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, help: { type: 'boolean' }, rounds: { type: 'string' }, seconds: { type: 'string' }, warmup: { type: 'string' } },
  });
  const usual = (values.quick ? quick : full)[positionals[0] === 'bus' ? 'bus' : 'others'];
  const pick = (name) => (values[name] === undefined ? usual[name] : number(values[name], name));
  if (!values.help && (positionals.length !== 1 || !benches[positionals[0]])) throw new Error('bench what? webhook, turn, memory, bus or model');
  return {
    what: positionals[0], isJson: values.json, isQuick: values.quick, isHelp: values.help,
    rounds: Math.round(pick('rounds')), seconds: pick('seconds'), warmup: pick('warmup'),
  };
}

function makeFolder() {
  const folder = mkdtempSync(path.join(tmpdir(), 'parley-bench-'));
  chmodSync(folder, 0o711); // PostgreSQL runs as another user when we are root
  onEnd(async () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function run(options) {
  const machine = await describe(tmpdir(), pin(CPUS));
  if (machine.idle_pct < 90) say(`others use this machine now (${machine.idle_pct} % idle): the figures will be too low`);
  needModules(path.join(here, '..'));
  const [result, text] = await benches[options.what](makeFolder(), options);
  const all = { ...result, machine, date: new Date().toISOString().slice(0, 10) };
  const where = `${machine.cpu}, ${machine.cpus_used} of ${machine.cpus} processors, Linux ${machine.kernel}, fsync ${machine.fsync_ms} ms on ${machine.disk}`;
  console.log(options.isJson ? JSON.stringify(all) : `${text(result)}\n\n${where}`);
}

let options;
try {
  options = readOptions();
} catch (error) {
  process.stderr.write(`bench: ${error.message}\n${usage}`);
  process.exit(64);
}
if (options.isHelp) {
  process.stdout.write(usage);
} else {
  await run(options).catch((error) => {
    console.error(`bench: ${error.message}`);
    process.exitCode = 1;
  });
  await stopAll();
}
