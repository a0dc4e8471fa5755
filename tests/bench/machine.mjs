// What the figures were measured on. Bars are for two processors, so a bench uses two, also where
// there are more: all that it starts inherits that.
import { execFileSync } from 'node:child_process';
import { closeSync, fdatasyncSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

function firstMatch(file, pattern) {
  try {
    return pattern.exec(readFileSync(file, 'utf8'))?.[1].trim() ?? '';
  } catch {
    return '';
  }
}

// "0-3,8" -> [0, 1, 2, 3, 8]
function listOf(ranges) {
  return ranges.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

// Keeps this process, and what it will start, on the first `count` processors it may use.
export function pin(count) {
  const allowed = listOf(firstMatch('/proc/self/status', /^Cpus_allowed_list:\s*(\S+)/m));
  const chosen = allowed.slice(0, count);
  if (allowed.length > count) execFileSync('taskset', ['-acp', chosen.join(','), String(process.pid)], { stdio: 'ignore' });
  return chosen.length;
}

// The median time of one small durable write in a folder: what a commit cannot be faster than.
function fsyncMs(folder) {
  const file = path.join(folder, `fsync-${process.pid}`);
  const descriptor = openSync(file, 'w');
  const block = Buffer.alloc(8192);
  const times = [];
  for (let i = 0; i < 200; i++) {
    const began = performance.now();
    writeSync(descriptor, block, 0, block.length, (i % 16) * block.length);
    fdatasyncSync(descriptor);
    times.push(performance.now() - began);
  }
  closeSync(descriptor);
  rmSync(file);
  return Number(times.sort((a, b) => a - b)[100].toFixed(3));
}

// How much of the processors nobody used in the last second: figures of a busy machine mean little.
async function idlePct() {
  const read = () => firstMatch('/proc/stat', /^cpu\s+(.*)$/m).split(' ').slice(0, 8).map(Number);
  const before = read();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const spent = read().map((ticks, i) => ticks - before[i]);
  return Math.round((100 * (spent[3] + spent[4])) / spent.reduce((sum, ticks) => sum + ticks, 0));
}

function output(program, args) {
  try {
    return execFileSync(program, args, { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}

export async function describe(folder, cpus) {
  return {
    cpu: firstMatch('/proc/cpuinfo', /^model name\s*:\s*(.*)$/m),
    cpus_used: cpus,
    cpus: os.cpus().length,
    memory_gib: Number((os.totalmem() / 2 ** 30).toFixed(1)),
    kernel: os.release(),
    debian: firstMatch('/etc/debian_version', /(.*)/),
    disk: output('stat', ['-f', '-c', '%T', folder]),
    fsync_ms: fsyncMs(folder),
    idle_pct: await idlePct(),
    node: process.version,
  };
}
