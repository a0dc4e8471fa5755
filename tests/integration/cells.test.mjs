// Cells (issue 4): two on one PostgreSQL, each in a network namespace; one is killed, one is cut off while it
// lives. The story itself runs inside one more namespace (tests/harness/cells_story.mjs), so that links and
// addresses go with the processes, however the test ends.
import assert from 'node:assert/strict';
import test from 'node:test';
import { tellInNamespace, whyNoNamespace } from '../harness/namespace.mjs';

test('two cells on one PostgreSQL: one is killed, one is cut off and healed; nothing is lost, said twice or out of order', { skip: whyNoNamespace(), timeout: 240000 }, async (t) => {
  const { code, output } = await tellInNamespace('cells_story.mjs');
  assert.equal(code, 0, output);
  assert.match(output, /healed: [1-9]\d* late commits of south were refused/, output);
  for (const line of output.trim().split('\n')) t.diagnostic(line);
});
