// bench memory: what Parley's processes take when nobody writes: their proportional set size, which
// counts a page shared by n processes as 1/n for each. PostgreSQL is not counted.
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { sleep } from '../harness/parley.mjs';
import { ParleyContestant } from './contestants.mjs';
import { table } from './report.mjs';

export const BAR_MB = 120;

const read = (pid, file) => readFileSync(`/proc/${pid}/${file}`, 'utf8');

function treeOf(pid) {
  const children = read(pid, `task/${pid}/children`).trim();
  return [pid, ...(children ? children.split(' ').flatMap((child) => treeOf(Number(child))) : [])];
}

// The program's name: the kernel's own is cut after 15 characters.
const nameOf = (pid) => path.basename(read(pid, 'cmdline').split('\0')[0]) || read(pid, 'comm').trim();

const sumOf = (pid, key) => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(read(pid, 'smaps_rollup'))[1]) / 1024;

function measure(pid) {
  const round = (mb) => Number(mb.toFixed(2));
  return { name: nameOf(pid), pid, pss_mb: round(sumOf(pid, 'Pss')), private_mb: round(sumOf(pid, 'Private_Clean') + sumOf(pid, 'Private_Dirty')) };
}

export async function benchMemory(folder, { idleSeconds }) {
  const parley = new ParleyContestant(path.join(folder, 'parley'), { settings: {} });
  await parley.start();
  await sleep(idleSeconds * 1000);
  const processes = treeOf(Number(parley.runFile('launcher.pid'))).map(measure).filter(({ name }) => !name.startsWith('postgres'));
  await parley.stop();
  const pss = Number(processes.reduce((sum, one) => sum + one.pss_mb, 0).toFixed(1));
  return { pss_mb: pss, bar: { at_most_mb: BAR_MB, is_met: pss <= BAR_MB }, idle_seconds: idleSeconds, processes };
}

export function memoryText(result) {
  const rows = result.processes.map((one) => [one.name, one.pss_mb.toFixed(1), one.private_mb.toFixed(1)]);
  return [
    table(['process', 'PSS MB', 'private MB'], [...rows, ['all', result.pss_mb.toFixed(1), '']]),
    `bar: at most ${BAR_MB} MB after ${result.idle_seconds} s of rest: ${result.bar.is_met ? 'met' : 'NOT met'}`,
  ].join('\n');
}
