// A Parley whose agent or flow is a stand-in (tests/integration/actors/stand_in.c): it does what it is told.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Parley, build, root } from './parley.mjs';

const program = path.join(build, 'tests/stand_in');

// services: ['agent'], ['flow'] or both; each has its mood and its ledger.
export async function startWithStandIn(services, options = {}) {
  const source = mkdtempSync(path.join(tmpdir(), 'parley-source-'));
  const file = (service, name) => path.join(source, `${service}.${name}`);
  let yaml = readFileSync(path.join(root, 'parley.yaml'), 'utf8');
  for (const service of services)
    yaml = yaml.replace(`  - name: ${service}\n`, `  - name: ${service}\n    exec: ${program}\n    backoff_ms: 10\n    backoff_max_ms: 10\n    intensity_count: 100\n` +
      `    settings: ["mood=${file(service, 'mood')}", "ledger=${file(service, 'ledger')}"]\n`);
  writeFileSync(path.join(source, 'parley.yaml'), yaml);
  const parley = await Parley.start({ ...options, env: { PARLEY_SOURCE: source, ...options.env } });
  parley.setMood = (service, mood) => writeFileSync(file(service, 'mood'), mood);
  // [['called', 'hello|there'], ['answered', 'hello|there']]
  parley.ledgerOf = (service) => (existsSync(file(service, 'ledger')) ? readFileSync(file(service, 'ledger'), 'utf8') : '')
    .split('\n').filter(Boolean).map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1)]);
  parley.end = async () => {
    await parley.stop();
    rmSync(source, { recursive: true, force: true });
  };
  return parley;
}
