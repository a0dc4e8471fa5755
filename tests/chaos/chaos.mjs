// ./parley chaos: everything is killed while customers write; then nothing may be lost, doubled or out of
// order. Prints one line, or one JSON object; ends with 1 when a promise was broken.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const usage = `usage: ./parley chaos [options]
  --minutes N         how long customers write (2)
  --seconds S         the same, in seconds
  --rate R            messages a second; each reply has three statuses on top (300)
  --conversations C   how many customers write (1000)
  --kill-every-ms M   one process is killed so often on average (2000)
  --seed S            of all that is random: who writes what, which faults when (from the clock). How the processes
                      interleave is not the seed's, so a run repeats another's load and faults, not its figures
  --keep              keep the data directory, also of a run that passed
  --record FILE       write what the oracles saw into a file
  --json              one JSON object instead of one line
  --overload          instead: five times as many webhooks as can be answered (60 s)
  --cells 2           two cells on one database, in network namespaces; one is cut off from it for seconds now and then; needs root
  --disk-full         the database's disk (an image of its own) is full for seconds now and then; needs root
  --redelivery        instead: 64 copies of each of 10,000 webhooks on 64 connections
  --newcomers         instead: ten pictures at once from each of 1,000 new contacts
  --contacts N        of those two: how many contacts write
  --points            instead: every crash point (points.txt) with every fault, in the ASan build; a line for each fault
                      and one for all of them
  --faults LIST       of those only these: kill, stop, cut, lost_reply (all)
  --point P           of those only the points whose names begin so
A run that fails keeps its data directory and says how to repeat it. docs/reliability.md tells what is checked.
`;

const say = (text) => process.stderr.write(`chaos: ${text}\n`);

function readOptions() {
  const string = { type: 'string' }, boolean = { type: 'boolean' };
  const { values } = parseArgs({
    options: {
      minutes: string, seconds: string, rate: string, conversations: string, 'kill-every-ms': string, seed: string,
      keep: boolean, record: string, json: boolean, help: boolean, points: boolean, overload: boolean, 'disk-full': boolean, cells: string, redelivery: boolean, newcomers: boolean, contacts: string, faults: string, point: string,
    },
  });
  const number = (name, usual, min, max) => {
    if (values[name] === undefined) return usual;
    const value = Number(values[name]);
    if (values[name] === '' || !(value >= min && value <= max)) throw new Error(`--${name} must be a number from ${min} to ${max} (example: --${name} ${usual})`);
    return value;
  };
  const other = ['points', 'overload', 'redelivery', 'newcomers'].filter((name) => values[name]);
  if (other.length > 1 || (other.length > 0 && (values['disk-full'] || values.cells))) throw new Error(`--${other[0]} is a run of its own (example: --${other[0]} --json)`);
  const minutes = number('minutes', 2, 0.1, 1440);
  return {
    seconds: number('seconds', minutes * 60, 5, 86400), rate: number('rate', 300, 1, 10000),
    conversations: Math.round(number('conversations', 1000, 1, 1000000)), killEveryMs: number('kill-every-ms', 2000, 100, 3600000),
    seed: Math.round(number('seed', Date.now() % 1000000 + 1, 1, 4294967295)),
    crowd: values.redelivery ? 'redelivery' : values.newcomers ? 'newcomers' : undefined, contacts: values.contacts && Math.round(number('contacts', 1000, 1, 1000000)),
    cells: Math.round(number('cells', 1, 1, 2)), isDiskFull: values['disk-full'], isPoints: values.points, isOverload: values.overload, hasTime: values.minutes !== undefined || values.seconds !== undefined, faults: values.faults ?? 'all', point: values.point, stopMs: 4500, settleMs: 100,
    keep: values.keep, record: values.record, isJson: values.json, isHelp: values.help,
  };
}

// Promises R-33.
function overloadFindings(figures) {
  const rows = [
    [figures.goodput_pct >= 90, `goodput ${figures.goodput_pct} % of what can be answered beside such a flood, less than 90`],
    [figures.watch_shed > 0 && figures.shed_p99_ms <= 5, `refused with p99 ${figures.shed_p99_ms} ms, more than 5`],
    [figures.errors === 0 && figures.wrong.length === 0, `${figures.errors} other errors, answers ${figures.wrong}`],
    [figures.normal_after_ms !== null && figures.normal_after_ms <= 10000, `normal after ${figures.normal_after_ms} ms, more than 10000`],
    [figures.pending_later === 0 && figures.stored >= figures.acked, `${figures.pending_later} unanswered, ${figures.stored} stored of ${figures.acked}`],
    [Object.entries(figures.memory_after_mib).every(([name, mib]) => mib <= (figures.memory_mib[name] ?? 0) + 32), 'memory grew by more than 32 MiB'],
  ];
  return rows.filter(([isMet]) => !isMet).map(([, text]) => `overload: ${text}`);
}

async function runOverload(options) {
  const { overloadRun, overloadLine } = await import('./overload.mjs');
  const seconds = options.hasTime ? options.seconds : 60;
  const figures = await overloadRun({ seconds, factor: 5, capacitySeconds: Math.max(10, seconds / 10), onStart: options.onStart }, say); // long enough for a vacuum
  const findings = overloadFindings(figures);
  console.log(options.isJson ? JSON.stringify({ ...figures, findings }) : `${overloadLine(figures)}: ${findings.length === 0 ? 'ok' : 'FAILED'}`);
  for (const finding of findings) say(finding);
  process.exitCode = findings.length === 0 ? 0 : 1;
}

async function runCrowd(options) {
  const { crowdRun, crowdLine } = await import('./crowd.mjs');
  const { figures, findings, folder } = await crowdRun({ kind: options.crowd, contacts: options.contacts, onStart: options.onStart }, say);
  console.log(options.isJson ? JSON.stringify({ ...figures, findings }) : `${crowdLine(figures)}: ${findings.length === 0 ? 'ok' : 'FAILED'}`);
  if (findings.length === 0) return;
  say(`data directory: ${folder}`);
  for (const finding of findings) say(finding);
  process.exitCode = 1;
}

async function runPoints(options) {
  const { pointsLineOf, pointsMatrix, readFaults } = await import('./points.mjs');
  const { result, findings, folder } = await pointsMatrix({
    ...options, faults: readFaults(options.faults), rate: Math.min(options.rate, 20), conversations: Math.min(options.conversations, 200),
    onRun(fault, one) {
      if (!options.isJson) console.log(`${fault}: ${pointsLineOf(one.result)}`);
      for (const finding of one.findings) say(`${fault}: ${finding}`);
    },
  }, say);
  console.log(options.isJson ? JSON.stringify({ ...result, findings }) : `all: ${pointsLineOf(result)}`);
  if (result.is_ok) return;
  say(`data directory: ${folder}`);
  say(`again: ./parley chaos --points --faults ${options.faults} --seed ${options.seed}`);
  process.exitCode = 1;
}

async function run(options) {
  const modules = path.join(here, '..');
  if (!existsSync(path.join(modules, 'node_modules'))) execFileSync('npm', ['ci', '--silent', '--no-fund', '--no-audit'], { cwd: modules, stdio: ['ignore', 2, 2] });
  const { chaosRun, lineOf } = await import('./run.mjs');
  if (!options.isPoints && !options.isOverload && !options.crowd) say(`${options.rate} messages/s of ${options.conversations} customers for ${options.seconds} s, a kill every ${options.killEveryMs} ms, seed ${options.seed}`);
  let parley = null;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.once(signal, async () => {
      await parley?.stop().catch((error) => say(error.message));
      process.exit(130);
    });
  const onStart = (started) => (parley = started);
  if (options.isOverload) return runOverload({ ...options, onStart });
  if (options.crowd) return runCrowd({ ...options, onStart });
  if (options.isPoints) return runPoints({ ...options, onStart });
  const { result, findings, data, folder } = await chaosRun({ ...options, onStart }, say);
  if (options.record) writeFileSync(options.record, JSON.stringify(data));
  console.log(options.isJson ? JSON.stringify({ ...result, findings }) : lineOf(result));
  if (result.is_ok && !options.keep) return;
  say(`data directory: ${folder}`);
  if (result.is_ok) return;
  for (const finding of findings) say(finding);
  say(`again: ./parley chaos --seconds ${options.seconds} --rate ${options.rate} --conversations ${options.conversations} --kill-every-ms ${options.killEveryMs} --seed ${options.seed}${options.isDiskFull ? ' --disk-full' : ''}${options.cells > 1 ? ` --cells ${options.cells}` : ''}`);
  process.exitCode = 1;
}

let options;
try {
  options = readOptions();
} catch (error) {
  process.stderr.write(`chaos: ${error.message}\n${usage}`);
  process.exit(64);
}
// Mounts and networks are made in namespaces of our own and end with us.
const INSIDE = 'PARLEY_CHAOS_INSIDE';
async function goInside() {
  if (process.getuid() !== 0) throw new Error('--disk-full and --cells need root');
  const child = spawn('unshare', ['-m', '--propagation', 'private', ...(options.cells > 1 ? ['-n'] : []), process.execPath, ...process.argv.slice(1)], { stdio: 'inherit', env: { ...process.env, [INSIDE]: '1' } });
  process.on('SIGINT', () => {}); // a terminal tells the child, too
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  process.exitCode = await new Promise((resolve, reject) => child.on('error', reject).on('close', (code) => resolve(code ?? 1)));
}

if (options.isHelp) process.stdout.write(usage);
else
  await ((options.isDiskFull || options.cells > 1) && !process.env[INSIDE] ? goInside : run)(options).catch((error) => {
    say(error.message);
    process.exitCode = 1;
  });
