// The whole conversation of a small business (question, price, lead, incident, handover) with no key and no
// network: in a network namespace that has lo and no route (tests/harness/demo_story.mjs).
import assert from 'node:assert/strict';
import test from 'node:test';
import { tellInNamespace, whyNoNamespace } from '../harness/namespace.mjs';

test('question, price, lead, incident and handover without a key or a network', { skip: whyNoNamespace('ip link set lo up'), timeout: 180000 }, async () => {
  // A key of whoever runs the tests must not be what makes it work.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/KEY|TOKEN|SECRET|_PROXY$|^https?_proxy$/i.test(name)));
  const { code, output } = await tellInNamespace('demo_story.mjs', { env });
  assert.equal(code, 0, output);
  assert.match(output, /fr: all told\nar: all told\n/, output);
});
