// Row 9 and containers: broker and each actor in a network namespace of its own, started by hand, over
// TCP with CURVE. All of it happens inside one more namespace (tests/harness/network_story.mjs), so that
// links and addresses go with the processes, however the test ends.
import assert from 'node:assert/strict';
import test from 'node:test';
import { tellInNamespace, whyNoNamespace } from '../harness/namespace.mjs';

test('row 9: broker and actors in namespaces of their own, over TCP with CURVE; one is cut off and healed', { skip: whyNoNamespace(), timeout: 300000 }, async () => {
  const { code, output } = await tellInNamespace('network_story.mjs');
  assert.equal(code, 0, output);
  assert.match(output, /nothing was lost/, output);
});
