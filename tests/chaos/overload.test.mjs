// A flood, in short: what can be answered is, the rest is told to come again. ./parley chaos --overload judges figures.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { overloadLine, overloadRun } from './overload.mjs';

test('five times as many webhooks as can be answered are refused in good order', async (t) => {
  const figures = await overloadRun({ seconds: 12, factor: 5, capacitySeconds: 3, warmupSeconds: 2 }, (text) => t.diagnostic(text));
  t.diagnostic(overloadLine(figures));
  assert.ok(figures.shed > 0 && figures.acked > 0);
  assert.equal(figures.errors, 0, 'only 200 and 503');
  assert.deepEqual(figures.wrong, [], 'a refusal says when to come again');
  assert.ok(figures.goodput_pct >= 20, `${figures.goodput_pct} % of what can be answered: nearly nothing`);
  assert.ok(figures.normal_after_ms !== null && figures.normal_after_ms <= 10000, `normal after ${figures.normal_after_ms} ms`);
  assert.equal(figures.pending_later, 0);
  assert.ok(figures.stored >= figures.acked, 'what was acknowledged is there');
  for (const [name, mib] of Object.entries(figures.memory_after_mib)) assert.ok(mib <= (figures.memory_mib[name] ?? 0) + 64, `${name}: ${mib} MiB`);
});
