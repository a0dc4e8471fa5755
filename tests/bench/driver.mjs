// Runs webhook_load and turn_load, which print one JSON object.
import { spawn } from 'node:child_process';
import path from 'node:path';

import { build } from '../harness/parley.mjs';
import { onEnd } from './stack.mjs';

const argsOf = (options) => Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);

// The exit code is in the result: 1 says that there were errors, which are counted in it too.
export async function drive(program, options) {
  const child = spawn(path.join(build, 'tests', program), argsOf(options), { stdio: ['ignore', 'pipe', 'inherit'] });
  const forget = onEnd(async () => child.kill('SIGKILL'));
  let text = '';
  child.stdout.on('data', (chunk) => (text += chunk));
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  await forget();
  if (!text) throw new Error(`${program} ended with ${code}`);
  return { ...JSON.parse(text), code };
}
