// The whole conversation of a small business (question, price, lead, incident, handover) with no key and no
// network: in a network namespace that has lo and no route (tests/harness/demo_story.mjs).
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import test from 'node:test';
import { root } from '../harness/parley.mjs';

function whyNot() {
  if (process.getuid() !== 0) return 'network namespaces need root';
  const probe = spawnSync('unshare', ['-n', 'ip', 'link', 'set', 'lo', 'up'], { encoding: 'utf8' });
  return probe.status === 0 ? false : `no network namespaces here: ${(probe.error?.message ?? probe.stderr).trim()}`;
}

test('question, price, lead, incident and handover without a key or a network', { skip: whyNot(), timeout: 180000 }, async () => {
  // A key of whoever runs the tests must not be what makes it work.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/KEY|TOKEN|SECRET|_PROXY$|^https?_proxy$/i.test(name)));
  const child = spawn('unshare', ['-n', process.execPath, path.join(root, 'tests/harness/demo_story.mjs')], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const code = await new Promise((resolve) => child.on('close', (status, signal) => resolve(status ?? signal)));
  assert.equal(code, 0, output);
  assert.match(output, /fr: all told\nar: all told\n/, output);
});
