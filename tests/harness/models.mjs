// Model providers for tests: model_sim (ours: scripted, strict) and aimock (not ours).
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { build, root } from './parley.mjs';

async function urlOf(child, pattern) {
  return new Promise((resolve, reject) => {
    let text = '';
    const look = (chunk) => {
      text += chunk;
      const match = pattern.exec(text);
      if (match) resolve(match[1]);
    };
    child.stdout.on('data', look);
    child.stderr?.on('data', look);
    child.on('exit', (code) => reject(new Error(`ended with ${code}: ${text}`)));
  });
}

async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}

// See tests/sim/model_sim.h for what a step may say.
export class ModelSim {
  static async start() {
    const self = new ModelSim();
    self.child = spawn(path.join(build, 'tests/model_sim'), [], { stdio: ['ignore', 'pipe', 'inherit'] });
    self.url = await urlOf(self.child, /listening (http:\/\/\S+)/);
    return self;
  }
  async post(name, body) {
    return (await fetch(`${this.url}/_sim/${name}`, { method: 'POST', body: JSON.stringify(body ?? {}) })).json();
  }
  script(...steps) {
    return this.post('script', steps);
  }
  reset() {
    return this.post('reset');
  }
  async ledger() {
    return (await fetch(`${this.url}/_sim/ledger`)).json();
  }
  async stats() {
    return (await fetch(`${this.url}/_sim/stats`)).json();
  }
  stop() {
    return stop(this.child);
  }
}

// An LLM emulator that is not ours: @copilotkit/aimock, with these fixtures (a file of ours).
export class Aimock {
  static async start(fixtures, port) {
    const self = new Aimock();
    const program = path.join(root, 'tests/node_modules/.bin/llmock');
    self.child = spawn(program, ['-p', String(port), '-f', fixtures], { stdio: ['ignore', 'pipe', 'pipe'] });
    self.url = `http://127.0.0.1:${port}`;
    for (let tries = 0; tries < 200; tries++) {
      if (self.child.exitCode !== null) throw new Error('aimock ended');
      if (await fetch(self.url).then(() => true, () => false)) return self;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('aimock does not listen');
  }
  stop() {
    return stop(this.child);
  }
}

// Runs model_load against a Parley: its one JSON object.
export async function modelLoad(parley, options) {
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const child = spawn(path.join(build, 'tests/model_load'), ['--data', parley.data, ...args], { stdio: ['ignore', 'pipe', 'inherit'], env: parley.env });
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  await new Promise((resolve) => child.on('close', resolve));
  return JSON.parse(text);
}

// Of a process, in MB, its processor time in ms (user and system), and how long it waited for a processor.
export function costOf(pid) {
  const rss = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
  const pss = Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]) / 1024;
  const [runNs, waitNs] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ').map(Number);
  return { rss, pss, cpuMs: runNs / 1e6, waitMs: waitNs / 1e6 };
}
