// A Parley with the actor `misbehave` (tests/integration/actors): tests tell it to crash, hang, refuse.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Parley, build, isSanitized, root, until } from './parley.mjs';

const run = promisify(execFile);
export const limitMs = isSanitized ? 120000 : 60000;
export const program = path.join(build, 'tests/misbehave');

// A Parley with one actor more, whose methods misbehave.
export async function startWith(entry, options = {}) {
  const source = mkdtempSync(path.join(tmpdir(), 'parley-source-'));
  const mood = path.join(source, 'mood');
  const yaml = readFileSync(path.join(root, 'parley.yaml'), 'utf8').replace(/\s*$/, '\n');
  writeFileSync(path.join(source, 'parley.yaml'), `${yaml}  - name: misbehave\n    exec: ${program}\n    order: 9\n` +
    `    settings: ["mood=${mood}"]\n` + entry.map((line) => `    ${line}\n`).join(''));
  writeFileSync(path.join(source, 'acl.yaml'), 'actors:\n  - name: misbehave\n    offers: [misbehave]\n' +
    '  - name: cli\n    calls: [misbehave.*]\n');
  const parley = await Parley.start({ ...options,
    env: { PARLEY_SOURCE: source, PARLEY_ACL_FILE: path.join(source, 'acl.yaml'), ...options.env } });
  // The reply, or { err }; key: its lane.
  parley.call = async (service, method, key = '') =>
    JSON.parse((await run(program, ['call', parley.data, service, method, key], { env: parley.env })).stdout);
  parley.obituaries = async () => (await parley.call('bus', 'obituaries')).obituaries;
  parley.rowOf = async (instance) => (await parley.status()).instances.find((row) => row.instance === instance);
  parley.setMood = (text) => writeFileSync(mood, text);
  parley.end = async () => {
    // It fails asserts because it is told to; nobody else may.
    for (const name of ['misbehave-1', 'misbehave-1.2', 'misbehave-2', 'misbehave-3']) rmSync(path.join(parley.data, 'log', `${name}.out`), { force: true });
    await parley.stop();
    rmSync(source, { recursive: true, force: true });
  };
  return parley;
}

export const isReady = (parley, instance) => until(`${instance} is ready`, async () => (await parley.rowOf(instance))?.state === 'ready', limitMs);
