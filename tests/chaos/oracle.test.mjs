// Each oracle must catch the run that was broken for it, and only that one may speak (promises R-0).
// recorded.json is what the oracles saw in a real run of 20 customers:
//   ./parley chaos --seconds 25 --rate 7 --conversations 20 --kill-every-ms 1200 --record FILE
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';

import { MUST_BE_0, judge, replyTimes } from './oracle.mjs';

const here = import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname);
const text = readFileSync(path.join(here, 'recorded.json'), 'utf8');
const recorded = () => JSON.parse(text);
const copy = (row) => ({ ...row });

// Two sends of one conversation, the second without any fault near it.
function pairOf(run) {
  const conversationOf = new Map(run.outbox.map((row) => [row.outbox_id, row.conversation_id]));
  const isQuiet = (accept) => run.ledger.filter((other) => other.outbox_id === accept.outbox_id).length === 1;
  const first = run.ledger.findIndex((accept, i) => isQuiet(accept) &&
    run.ledger.some((other, j) => j > i && isQuiet(other) && conversationOf.get(other.outbox_id) === conversationOf.get(accept.outbox_id)));
  const second = run.ledger.findIndex((other, j) => j > first && isQuiet(other) &&
    conversationOf.get(other.outbox_id) === conversationOf.get(run.ledger[first].outbox_id));
  assert.ok(first >= 0 && second > first);
  return [first, second];
}

// The provider hung up after this send, and the outbox knows it.
function ambiguous(run, index) {
  run.outbox.find((row) => row.outbox_id === run.ledger[index].outbox_id).unknown_count = 1;
  return { ...run.ledger[index], fault: 'hang_up' };
}

const answered = (run) => run.turns.find((turn) => turn.outbox_count === 1);
const handoff = (run) => run.turns.find((turn) => turn.decision === 'HUMAN_HANDOFF');
const withoutFaults = (run) => (run.faults = []);

const mutants = {
  'a cell that is cut off, and nobody answers': ['stalled', (run) => run.faults.push({ at_ms: 1, until_ms: 9001, what: 'cell', service: 'delivery', is_given_up: true })],
  'a database that stays shut after its disk has room again': ['slow_recovery', (run) => run.faults.push({ at_ms: 1, until_ms: 12001, what: 'disk_full', service: 'postgres', back_ms: 10001 })],
  'an acknowledged message that was not stored': ['lost', (run) => run.inbox.splice(run.inbox.findIndex((row) => !row.turn_id || answered(run).turn_id !== row.turn_id), 1), ['duplicates']],
  'a message that is stored twice': ['duplicates', (run) => run.inbox.push({ ...run.inbox.find((row) => !row.starts_turn || row.turn_id), inbox_seq: 1e9, starts_turn: false, turn_id: null }), ['reordered']],
  'a message in two turns': ['duplicates', (run) => run.turns[1].inbox_seqs.push(run.turns[0].inbox_seqs[0]), ['reordered']],
  'a turn that answers a message of another turn': ['duplicates', (run) => (run.inbox.find((row) => row.turn_id).turn_id = run.turns.at(-1).turn_id)],
  'a second send that nothing explains': ['duplicates', (run) => {
    withoutFaults(run);
    const accept = run.ledger.find((row) => row.fault === 'none');
    run.ledger.splice(run.ledger.indexOf(accept) + 1, 0, { ...accept, wamid: 'wamid.second' });
  }],
  'a second send after an ambiguous one that the outbox did not record': ['duplicates', (run) => {
    const [first] = pairOf(run);
    const accept = { ...run.ledger[first], fault: 'hang_up' };
    run.ledger.splice(first, 1, accept, copy(accept));
  }],
  'a second send before a slow provider was given up': ['duplicates', (run) => {
    withoutFaults(run);
    const [first] = pairOf(run);
    const accept = { ...ambiguous(run, first), fault: 'slow' };
    run.send_timeout_ms = 100;
    run.ledger.splice(first, 1, accept, { ...accept, at_ms: accept.at_ms + 99 });
  }],
  'a third send, though the first was ambiguous': ['duplicates', (run) => {
    const [first] = pairOf(run);
    const accept = ambiguous(run, first);
    run.ledger.splice(first, 1, accept, copy(accept), copy(accept));
  }],
  'a second send with another text': ['duplicates', (run) => {
    const [first] = pairOf(run);
    const accept = ambiguous(run, first);
    run.ledger.splice(first, 1, accept, { ...accept, body_hash: 'other' });
  }],
  'a send that the outbox does not know': ['duplicates', (run) => run.ledger.push({ ...run.ledger[0], outbox_id: 'nobody' })],
  'two sends that changed places': ['reordered', (run) => {
    const [first, second] = pairOf(run);
    [run.ledger[first], run.ledger[second]] = [run.ledger[second], run.ledger[first]];
  }],
  'a message that is sent again after the next one': ['reordered', (run) => {
    const [first, second] = pairOf(run);
    run.ledger[first] = ambiguous(run, first);
    run.ledger.splice(second + 1, 0, { ...run.ledger[first], at_ms: run.ledger[second].at_ms });
  }],
  'a turn that takes an older message than the one before': ['reordered', (run) => {
    const [a, b] = turnsOfOne(run);
    [a.inbox_seqs, b.inbox_seqs] = [b.inbox_seqs, a.inbox_seqs];
    for (const turn of [a, b]) for (const row of run.inbox) if (turn.inbox_seqs.includes(row.inbox_seq)) row.turn_id = turn.turn_id;
  }],
  'a turn that answers before an earlier turn': ['reordered', (run) => {
    const [a, b] = turnsOfOne(run);
    const [x, y] = [a, b].map((turn) => run.outbox.find((row) => row.turn_id === turn.turn_id));
    [x.turn_id, y.turn_id] = [y.turn_id, x.turn_id];
  }, ['wrong_owner']],
  'a message that was stored after its successor': ['reordered', (run) => {
    const from = run.messages.find((message) => message.number === 2).from;
    const [a, b] = run.messages.filter((message) => message.from === from);
    [a.external_id, b.external_id] = [b.external_id, a.external_id];
  }],
  'a customer with two conversations': ['split', (run) => {
    const from = run.messages.find((message) => message.number === 2).from;
    const [first] = run.messages.filter((message) => message.from === from);
    run.inbox.find((row) => row.external_id === first.external_id).conversation_id = 'another';
  }, ['crossed']],
  'an answer after the hand-over': ['wrong_owner', (run) => {
    const turn = handoff(run);
    const later = run.turns.find((other) => other.conversation_id === turn.conversation_id && other.fence > turn.fence && other.decision === 'IGNORE');
    const change = run.owner_changes.find((other) => other.conversation_id === turn.conversation_id && other.changed_by === 'turn');
    later.outbox_count = 1;
    run.outbox.push({ ...run.outbox.find((row) => row.turn_id === turn.turn_id), outbox_id: 'spoken', turn_id: later.turn_id, seq: 1000, owner_fence: change.owner_fence });
    run.ledger.push({ ...run.ledger.find((accept) => run.outbox.find((row) => row.outbox_id === accept.outbox_id).conversation_id === turn.conversation_id), outbox_id: 'spoken' });
  }],
  'an old answer that is sent after the conversation changed hands': ['wrong_owner', (run) => {
    const [row, accept] = takenOver(run);
    run.owner_changes.push({ conversation_id: row.conversation_id, owner_fence: row.owner_fence + 1, owner: 'person', changed_by: 'turn', changed_ms: accept.at_ms - 2000 });
  }],
  'an answer that is sent at once after a takeover that told of another': ['wrong_owner', (run) => {
    const [row, accept] = takenOver(run);
    run.owner_changes.push({ conversation_id: row.conversation_id, owner_fence: row.owner_fence + 1, owner: 'person', changed_by: 'chaos', changed_ms: accept.at_ms - 50 });
    run.takeovers.push({ conversation_id: row.conversation_id, owner_fence: row.owner_fence + 1, in_flight: 'another' });
  }],
  'a message that is stored at another business': ['crossed', (run) => {
    const row = run.inbox.find((other) => other.tenant_id !== run.tenants[0]);
    row.tenant_id = run.tenants[0];
  }],
  'an answer that leaves from the account of another business': ['crossed', (run) => {
    const accept = run.ledger[0];
    accept.account = run.accounts.find((account) => account.external_id !== accept.account).external_id;
  }],
  'an answer to a customer of another business': ['crossed', (run) => (run.ledger[0].to = run.ledger[0].to + 1)],
  'a turn of another business in a conversation': ['crossed', (run) => {
    const turn = run.turns[0];
    turn.tenant_id = run.tenants.find((tenant) => tenant !== turn.tenant_id);
  }],
  'a message in no turn': ['unanswered', (run) => {
    const row = run.inbox.find((other) => other.turn_id);
    const turn = run.turns.find((other) => other.turn_id === row.turn_id);
    row.turn_id = null;
    turn.inbox_seqs = turn.inbox_seqs.filter((seq) => seq !== row.inbox_seq);
  }],
  'a message whose turn is not there': ['unanswered', (run) => {
    const turn = answered(run);
    run.turns.splice(run.turns.indexOf(turn), 1);
  }],
  'a turn that lacks one of its messages': ['unanswered', (run) => (answered(run).outbox_count = 2)],
  'a turn that says nothing': ['unanswered', (run) => {
    const turn = answered(run);
    const row = run.outbox.find((other) => other.turn_id === turn.turn_id);
    turn.outbox_count = 0;
    run.outbox.splice(run.outbox.indexOf(row), 1);
    run.ledger = run.ledger.filter((accept) => accept.outbox_id !== row.outbox_id);
  }],
  'a message that is said to be sent and never was': ['unanswered', (run) => {
    const [first] = pairOf(run);
    run.ledger.splice(first, 1);
  }],
  'a message that waits for ever': ['unanswered', (run) => (run.outbox[0].state = 'queued'), ['statuses_lost']],
  'a message that failed for no recorded reason': ['unanswered', (run) => {
    const [first] = pairOf(run);
    const row = run.outbox.find((other) => other.outbox_id === run.ledger[first].outbox_id);
    Object.assign(row, { state: 'failed', error_text: 'some error' });
    run.ledger.splice(first, 1);
  }],
  'an answer that leaves after the customer wrote again': ['stale', (run) => {
    withoutFaults(run);
    const [row, accept] = takenOver(run);
    const turn = run.turns.find((other) => other.turn_id === row.turn_id);
    Object.assign(turn, { decision: 'RESPOND', superseded_count: 0, has_receipt: false, committed_ms: accept.at_ms, duration_ms: 5 });
    const inbox = run.inbox.find((other) => turn.inbox_seqs.includes(other.inbox_seq));
    const message = run.messages.find((other) => other.external_id === inbox.external_id);
    const seq = Math.max(...run.inbox.map((other) => other.inbox_seq)) + 1;
    run.messages.push({ ...message, external_id: 'newer', number: 1000, acked_ms: accept.at_ms - 1500 });
    run.inbox.push({ ...inbox, external_id: 'newer', inbox_seq: seq, turn_id: 'later' });
    run.turns.push({ ...turn, turn_id: 'later', fence: turn.fence + 1, inbox_seqs: [seq], outbox_count: 0, decision: 'IGNORE' });
  }],
  'a superseded message that is sent all the same': ['stale', (run) => {
    const [row] = takenOver(run);
    const turn = run.turns.find((other) => other.turn_id === row.turn_id);
    Object.assign(row, { state: 'superseded' });
    turn.superseded_ms = 1;
    run.turns.push({ ...turn, turn_id: 'later', superseded_ms: 0, fence: turn.fence + 1, outbox_count: 0, decision: 'IGNORE' });
    for (const other of run.inbox) if (other.turn_id === turn.turn_id) other.turn_id = 'later';
  }, ['statuses_lost']],
  'a superseded turn whose messages nobody answers': ['unanswered', (run) => (answered(run).superseded_ms = 1)],
  'a turn that did its work twice': ['effects', (run) => {
    const effect = { tenant_id: answered(run).tenant_id, turn_id: answered(run).turn_id };
    run.effects = [effect, effect];
  }],
  'a turn that did something and was not committed': ['effects', (run) => (run.effects = [{ tenant_id: run.turns[0].tenant_id, turn_id: 'nobody' }])],
  'a status that was acknowledged and not applied': ['statuses_lost', (run) => (run.outbox.find((row) => row.state === 'read').state = 'delivered')],
  'a call of the broker that has no end': ['miscounted', (run) => run.counters.accepted++],
};

// A message of the bot in a conversation that never changed hands, and its send.
function takenOver(run) {
  const changed = new Set(run.owner_changes.map((change) => change.conversation_id));
  const isCalm = (accept) => run.ledger.filter((other) => other.outbox_id === accept.outbox_id).length === 1;
  const of = (row) => run.ledger.find((accept) => accept.outbox_id === row.outbox_id && isCalm(accept));
  const last = run.outbox.findLast((row) => row.author === 'bot' && !changed.has(row.conversation_id) && of(row));
  // The last word of its conversation, so that nothing after it is wrong, too.
  assert.ok(last && !run.outbox.some((row) => row.conversation_id === last.conversation_id && row.seq > last.seq));
  return [last, of(last)];
}

function turnsOfOne(run) {
  const byConversation = new Map();
  for (const turn of run.turns.filter((other) => other.outbox_count === 1).sort((a, b) => a.fence - b.fence)) {
    const before = byConversation.get(turn.conversation_id);
    if (before) return [before, turn];
    byConversation.set(turn.conversation_id, turn);
  }
  throw new Error('the recorded run has no conversation with two answers');
}

describe('oracles', () => {
  test('find nothing in the recorded run, which has what they look at', () => {
    const run = recorded();
    const { figures, findings } = judge(run);
    assert.deepEqual(findings, []);
    for (const name of MUST_BE_0) assert.equal(figures[name], 0, name);
    assert.ok(run.faults.some((fault) => fault.what === 'kill') && run.faults.some((fault) => fault.what === 'postgres'));
    assert.ok(handoff(run) && run.turns.some((turn) => turn.inbox_seqs.length > 1) && figures.ambiguous >= 0);
    assert.ok(replyTimes(run).length > run.messages.length / 2);
  });

  for (const [name, [figure, break_, others = []]] of Object.entries(mutants))
    test(`see ${name}`, () => {
      const run = recorded();
      break_(run);
      const { figures, findings } = judge(run);
      assert.ok(figures[figure] > 0, `not seen: ${JSON.stringify(figures)}`);
      assert.ok(findings.some((finding) => finding.startsWith(`${figure}: `)));
      for (const other of MUST_BE_0)
        if (other !== figure && !others.includes(other)) assert.equal(figures[other], 0, `${other} speaks too: ${findings.join('\n')}`);
    });

  test('allow one repeat of an ambiguous send, and count it', () => {
    const run = recorded();
    const [first] = pairOf(run);
    const accept = ambiguous(run, first);
    run.ledger.splice(first, 1, accept, copy(accept));
    const before = judge(recorded()).figures.ambiguous;
    const { figures, findings } = judge(run);
    assert.deepEqual(findings, []);
    assert.equal(figures.ambiguous, before + 1);
  });

  test('allow one repeat when the provider was slower than Parley waits', () => {
    const run = recorded();
    withoutFaults(run);
    const [first] = pairOf(run);
    const accept = { ...ambiguous(run, first), fault: 'slow' };
    run.send_timeout_ms = 100;
    run.ledger.splice(first, 1, accept, { ...accept, at_ms: accept.at_ms + 100 });
    assert.equal(judge(run).figures.ambiguous, 1);
  });

  test('allow what was refused for its owner or given up after two unknown outcomes', () => {
    for (const [figure, change] of [['refused', { state: 'refused', error_code: 'WRONG_OWNER' }], ['given_up', { error_text: 'outcome unknown twice: it may have been sent' }]]) {
      const run = recorded();
      const [first] = pairOf(run);
      const before = judge(recorded()).figures[figure];
      Object.assign(run.outbox.find((row) => row.outbox_id === run.ledger[first].outbox_id), { state: 'failed', ...change });
      run.ledger.splice(first, 1);
      const { figures, findings } = judge(run);
      assert.deepEqual(findings, []);
      assert.equal(figures[figure], before + 1);
    }
  });
});
