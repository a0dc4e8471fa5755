// A story in a network namespace of its own: what it makes there goes with its processes, however the test ends.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { root, run } from './parley.mjs';

// For `skip`: false, or why there can be none here. probe: what the story wants to do in it.
export function whyNoNamespace(probe = 'ip link add probe0 type bridge && ip link add probe1 type veth peer name probe2') {
  if (process.getuid() !== 0) return 'network namespaces need root';
  const tried = spawnSync('unshare', ['-n', 'sh', '-c', probe], { encoding: 'utf8' });
  return tried.status === 0 ? false : `no network namespaces here: ${(tried.error?.message ?? tried.stderr).trim()}`;
}

// script: a file of this folder. { code, output }
export function tellInNamespace(script, options) {
  return run('unshare', ['-n', process.execPath, path.join(root, 'tests/harness', script)], options);
}
