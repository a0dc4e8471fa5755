// The same webhook many times at once, and many first messages at once (promises.md ). Full size:
// ./parley chaos --redelivery, ./parley chaos --newcomers.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { crowdFindings, crowdLine, crowdRun, crowds } from './crowd.mjs';

describe('many at once', () => {
  for (const [kind, contacts] of [['redelivery', 200], ['newcomers', 100]])
    test(`${kind}: one of each`, async (t) => {
      const { figures, findings } = await crowdRun({ kind, contacts }, (text) => t.diagnostic(text));
      t.diagnostic(crowdLine(figures));
      assert.deepEqual(findings, []);
      // It did what it says.
      assert.equal(figures.posts, contacts * crowds[kind].messages * crowds[kind].copies);
      assert.ok(figures.tries >= figures.posts);
      // Whatever there is one too many or too few of is found.
      for (const name of ['acked', 'refused', 'rows', 'conversations', 'people', 'unanswered', 'rows_in_turns', 'distinct_rows_in_turns', 'turns_without_one_reply', 'replied_none', 'replies', 'strangers'])
        assert.notDeepEqual(crowdFindings({ ...crowds[kind], contacts }, { ...figures, [name]: figures[name] + 1 }), [], name);
    });
});
