// Cells (issue 4): two on one PostgreSQL, each in a network namespace; one is killed, one is cut off while it
// lives. The story itself runs inside one more namespace (tests/harness/cells_story.mjs), so that links and
// addresses go with the processes, however the test ends.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import test from 'node:test';
import { root } from '../harness/parley.mjs';

function whyNot() {
  if (process.getuid() !== 0) return 'network namespaces need root';
  const probe = spawnSync('unshare', ['-n', 'sh', '-c', 'ip link add probe0 type bridge && ip link add probe1 type veth peer name probe2'], { encoding: 'utf8' });
  return probe.status === 0 ? false : `no network namespaces here: ${(probe.error?.message ?? probe.stderr).trim()}`;
}

test('two cells on one PostgreSQL: one is killed, one is cut off and healed; nothing is lost, said twice or out of order', { skip: whyNot(), timeout: 240000 }, async (t) => {
  const child = spawn('unshare', ['-n', process.execPath, path.join(root, 'tests/harness/cells_story.mjs')], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const code = await new Promise((resolve) => child.on('close', (status, signal) => resolve(status ?? signal)));
  assert.equal(code, 0, output);
  assert.match(output, /healed: [1-9]\d* late commits of south were refused/, output);
  for (const line of output.trim().split('\n')) t.diagnostic(line);
});
