// Did anything go wrong? One function an invariant (promises.md I1 to I5, I7), each over the same recorded
// data, so that each can be shown a run that was broken on purpose (oracle.test.mjs):
//   messages       what customers wrote: { external_id, from, number, written_ms, acked_ms }
//   ledger         what the provider accepted, in that order: { wamid, outbox_id, to, account, body_hash, at_ms, fault }
//   inbox, turns, outbox, conversations, owner_changes, accounts   rows of the database
//   takeovers      of the run: { conversation_id, owner_fence, in_flight: outbox_id or '' }
//   tenants        names; customer N writes to the (N modulo their number)-th
//   faults         { at_ms, until_ms, what, service }; of a full disk back_ms, from room to the first commit
//   counters       of the broker, or of each
//   send_timeout_ms   so long Parley waits for the provider
//   statuses       { posted, acked }
//   effects        what tools did for turns: { tenant_id, turn_id }; the model of a run wants one a turn (model.mjs)
// A turn with superseded_ms is over: a later one has its messages.
// An oracle calls `found(figure, text)` once for each violation; figures are sums of them.

const FOUND_TEXTS_MAX = 20;
// A send that was claimed before somebody took the conversation over may be on its way this long.
const TAKEOVER_MS = 1000;
// The database and the provider read one clock, to the millisecond.
const CLOCK_MS = 5;
// An answer whose INTENT is committed may be on its way this long; with a fault near it, longer.
const INTENT_MS = 1000, FAULT_MS = 4000, LOST_REPLY_MS = 1000;
// Plans in a row that newer messages may supersede, and until when (turn_may_be_superseded).
const REPLANS_MAX = 3, ANSWER_MS = 60000;
const DISK_BACK_MS = 10000;
// STEP_MISMATCH and STEP_MISSING (proto/errors.yaml).
const STEP_ERRORS = ['LOGIC_4008', 'LOGIC_4009'];
// The provider has accepted, and Parley cannot know it.
const UNKNOWN_FAULTS = ['hang_up', 'cut', 'garbage', 'hang'];

const groupBy = (rows, key) => {
  const groups = new Map();
  for (const row of rows) {
    const group = groups.get(row[key]);
    if (group) group.push(row);
    else groups.set(row[key], [row]);
  }
  return groups;
};
const indexBy = (rows, key) => new Map(rows.map((row) => [row[key], row]));

// Those that were acknowledged, with their place in the inbox.
function messagesByConversation(data) {
  const inboxById = indexBy(data.inbox, 'external_id');
  const rows = data.messages.filter((message) => message.acked_ms > 0 && inboxById.get(message.external_id)?.starts_turn)
    .map((message) => ({ ...inboxById.get(message.external_id), acked_ms: message.acked_ms }));
  return groupBy(rows, 'conversation_id');
}

// What several oracles look up.
function prepare(data) {
  return {
    ...data,
    inboxById: indexBy(data.inbox, 'external_id'),
    inboxBySeq: indexBy(data.inbox, 'inbox_seq'),
    turnsById: indexBy(data.turns, 'turn_id'),
    outboxById: indexBy(data.outbox, 'outbox_id'),
    outboxByTurn: groupBy(data.outbox, 'turn_id'),
    acceptsById: groupBy(data.ledger, 'outbox_id'),
    conversationsById: indexBy(data.conversations, 'conversation_id'),
    changesByConversation: groupBy(data.owner_changes, 'conversation_id'),
    liveTurns: data.turns.filter((turn) => !turn.superseded_ms),
    messagesByConversation: messagesByConversation(data),
    turnsByConversation: groupBy([...data.turns].sort((a, b) => a.fence - b.fence), 'conversation_id'),
    deliveryFaults: data.faults.filter((fault) => fault.service === 'delivery'),
  };
}

// I1: acknowledged means stored.
function lost(run, found) {
  for (const message of run.messages)
    if (message.acked_ms > 0 && !run.inboxById.has(message.external_id))
      found('lost', `message ${message.number} of customer ${message.from} was acknowledged and is not in the inbox`);
}

// I2: a message is one inbox row, and that is in exactly one turn that is not superseded, the one it names.
function answeredTwice(run, found) {
  const turnOf = new Map(), stored = new Set();
  for (const row of run.inbox) {
    if (stored.has(row.external_id)) found('duplicates', `message ${row.external_id} is in the inbox twice`);
    stored.add(row.external_id);
  }
  for (const turn of run.liveTurns)
    for (const seq of turn.inbox_seqs) {
      if (turnOf.has(seq)) found('duplicates', `inbox_seq ${seq} is in turns ${turnOf.get(seq)} and ${turn.turn_id}`);
      else if (run.inboxBySeq.get(seq)?.turn_id !== turn.turn_id) found('duplicates', `inbox_seq ${seq} is in turn ${turn.turn_id} and says ${run.inboxBySeq.get(seq)?.turn_id}`);
      turnOf.set(seq, turn.turn_id);
    }
}

// Whether nobody could know what became of a send, and the outbox says so: the provider hung up after it
// had accepted, or was slower than Parley waits, or delivery was killed or stopped between this send and the next.
function isAmbiguous(run, accept, next) {
  if (!(run.outboxById.get(accept.outbox_id)?.unknown_count > 0)) return false;
  return UNKNOWN_FAULTS.includes(accept.fault) || (accept.fault === 'slow' && next.at_ms - accept.at_ms >= run.send_timeout_ms) ||
    run.deliveryFaults.some((fault) => fault.at_ms <= next.at_ms && (fault.until_ms ?? fault.at_ms) >= accept.at_ms - 1000);
}

// I3: nothing is sent twice but once more after an ambiguous send, and then the same.
function sentTwice(run, found) {
  for (const [id, accepts] of run.acceptsById) {
    if (!run.outboxById.has(id)) found('duplicates', `the provider has ${id}, the outbox does not`);
    for (let i = 1; i < accepts.length; i++) {
      const isAllowed = i === 1 && isAmbiguous(run, accepts[0], accepts[1]);
      if (isAllowed) found('ambiguous');
      else found('duplicates', `${id} was sent ${i + 1} times, ${accepts[i].at_ms - accepts[i - 1].at_ms} ms apart, first answer: ${accepts[i - 1].fault}`);
      if (accepts[i].body_hash !== accepts[0].body_hash) found('duplicates', `${id} was sent again with another text`);
    }
  }
}

// I4: in a conversation, sends leave in the order of the outbox.
function sentOutOfOrder(run, found) {
  const last = new Map();
  for (const accept of run.ledger) {
    const row = run.outboxById.get(accept.outbox_id);
    if (!row) continue;
    const before = last.get(row.conversation_id) ?? 0;
    if (row.seq < before) found('reordered', `conversation ${row.conversation_id}: seq ${row.seq} was sent after ${before}`);
    last.set(row.conversation_id, Math.max(before, row.seq));
  }
}

// A turn that asked a person goes on when the person has decided, with its messages, whatever was answered since.
const goesOn = (turn, turns) => turns.some((other) => other.decision === 'WAIT' && other.superseded_ms && other.fence < turn.fence &&
  other.inbox_seqs.every((seq) => turn.inbox_seqs.includes(seq)));

// I4: turns take messages in the order of arrival, and answer in the order of turns.
function turnsOutOfOrder(run, found) {
  for (const [conversation, turns] of run.turnsByConversation) {
    let lastInbox = 0, lastSeq = 0;
    for (const turn of turns) {
      if (!turn.superseded_ms && Math.min(...turn.inbox_seqs) <= lastInbox && !goesOn(turn, turns)) found('reordered', `conversation ${conversation}: turn ${turn.turn_id} takes a message that came before the last turn's`);
      if (!turn.superseded_ms) lastInbox = Math.max(lastInbox, ...turn.inbox_seqs);
      for (const row of run.outboxByTurn.get(turn.turn_id) ?? []) {
        if (row.seq <= lastSeq) found('reordered', `conversation ${conversation}: turn ${turn.turn_id} answers before an earlier turn`);
        lastSeq = Math.max(lastSeq, row.seq);
      }
    }
  }
}

// A customer writes the next message after the one before was acknowledged: it arrives after it.
function arrivedOutOfOrder(run, found) {
  const last = new Map();
  for (const message of run.messages) {
    const seq = run.inboxById.get(message.external_id)?.inbox_seq;
    if (seq === undefined) continue;
    if (seq <= (last.get(message.from) ?? 0)) found('reordered', `message ${message.number} of customer ${message.from} was stored before the one it followed`);
    last.set(message.from, seq);
  }
}

// I5: one customer, one conversation.
function split(run, found) {
  const conversationOf = new Map();
  for (const message of run.messages) {
    const conversation = run.inboxById.get(message.external_id)?.conversation_id;
    const known = conversationOf.get(message.from) ?? conversation;
    if (conversation && conversation !== known) found('split', `customer ${message.from} has two conversations`);
    if (conversation) conversationOf.set(message.from, known);
  }
}

// The bot never speaks in a conversation that somebody else has. A message of the bot carries the fence
// of the owner it was written under: only the last word of a turn that hands over may carry a person's.
function writtenByWrongOwner(run, found) {
  for (const row of run.outbox) {
    if (row.author !== 'bot') continue;
    const began = (run.changesByConversation.get(row.conversation_id) ?? []).find((change) => change.owner_fence === row.owner_fence);
    if (!began || began.owner === 'bot' || (began.changed_by === 'turn' && run.turnsById.get(row.turn_id)?.decision === 'HUMAN_HANDOFF')) continue;
    found('wrong_owner', `turn ${row.turn_id} answers in a conversation that ${began.owner} has`);
  }
}

// What was written before a change of owner is not sent after it, but for the one message that the
// takeover itself told of, whose request was under way. A handover by a turn names none: there a moment is allowed.
function sentByWrongOwner(run, found) {
  const inFlight = new Map(run.takeovers.map((taken) => [`${taken.conversation_id}/${taken.owner_fence}`, taken.in_flight]));
  for (const accept of run.ledger) {
    const row = run.outboxById.get(accept.outbox_id);
    if (!row || row.author !== 'bot') continue;
    const change = (run.changesByConversation.get(row.conversation_id) ?? []).find((other) => other.owner_fence > row.owner_fence);
    if (!change || accept.at_ms <= change.changed_ms + CLOCK_MS) continue;
    const told = inFlight.get(`${row.conversation_id}/${change.owner_fence}`);
    const isAllowed = told === undefined ? accept.at_ms <= change.changed_ms + TAKEOVER_MS : told === accept.outbox_id;
    if (!isAllowed) found('wrong_owner', `${accept.outbox_id} was sent ${accept.at_ms - change.changed_ms} ms after the conversation changed hands`);
  }
}

// I11: what a customer of one business writes, and what is said to him, is that business's alone: its
// row, its turn, its conversation, and its account at the provider.
function crossed(run, found) {
  const tenantOf = (from) => run.tenants[from % run.tenants.length];
  const accountOf = new Map(run.accounts.map((account) => [account.external_id, account.tenant_id]));
  for (const message of run.messages) {
    const row = run.inboxById.get(message.external_id);
    if (row && row.tenant_id !== tenantOf(message.from)) found('crossed', `message ${message.number} of customer ${message.from} is at ${row.tenant_id}`);
  }
  for (const row of [...run.inbox, ...run.turns, ...run.outbox]) {
    const conversation = run.conversationsById.get(row.conversation_id);
    if (!conversation || conversation.tenant_id !== row.tenant_id) found('crossed', `conversation ${row.conversation_id} is of ${conversation?.tenant_id} and has a row of ${row.tenant_id}`);
  }
  for (const accept of run.ledger) {
    const row = run.outboxById.get(accept.outbox_id);
    if (row && (row.tenant_id !== tenantOf(accept.to) || accountOf.get(accept.account) !== row.tenant_id))
      found('crossed', `${accept.outbox_id} of ${row.tenant_id} went to customer ${accept.to} of ${tenantOf(accept.to)} from account ${accept.account}`);
  }
}

// I1: what was accepted is in a turn that is not superseded, and what the turn says was sent, or refused with a recorded reason.
function unanswered(run, found) {
  for (const row of run.inbox)
    if (row.starts_turn && !row.turn_id) found('unanswered', `inbox_seq ${row.inbox_seq} is in no turn`);
    else if (row.turn_id && !run.turnsById.has(row.turn_id)) found('unanswered', `inbox_seq ${row.inbox_seq} names turn ${row.turn_id}, which is not there`);
    else if (row.turn_id && run.turnsById.get(row.turn_id).superseded_ms) found('unanswered', `inbox_seq ${row.inbox_seq} names turn ${row.turn_id}, which is superseded`);
  for (const turn of run.turns) {
    const rows = run.outboxByTurn.get(turn.turn_id)?.length ?? 0;
    if (rows !== turn.outbox_count) found('unanswered', `turn ${turn.turn_id} has ${rows} of ${turn.outbox_count} messages`);
    else if (rows === 0 && turn.decision !== 'IGNORE' && !turn.superseded_ms) found('unanswered', `turn ${turn.turn_id} (${turn.decision}) says nothing`);
  }
}

// Nobody is answered a question that is corrected already (D5): what was superseded is not sent, its
// messages are answered by a later turn, and an answer does not leave when the customer has written
// again since, unless it may not be superseded any more.
function superseded(run, found) {
  for (const turn of run.turns) {
    if (!turn.superseded_ms) continue;
    found('superseded');
    for (const seq of turn.inbox_seqs) {
      const later = run.turnsById.get(run.inboxBySeq.get(seq)?.turn_id);
      if (!later || later.fence <= turn.fence || later.conversation_id !== turn.conversation_id) found('unanswered', `inbox_seq ${seq} of the superseded turn ${turn.turn_id} is answered by no later one`);
    }
  }
  for (const row of run.outbox) {
    const isSuperseded = row.state === 'superseded';
    if (isSuperseded && run.acceptsById.has(row.outbox_id)) found('stale', `${row.outbox_id} is superseded and was sent`);
    if (isSuperseded && !run.turnsById.get(row.turn_id)?.superseded_ms) found('unanswered', `${row.outbox_id} is superseded, and turn ${row.turn_id} is not`);
  }
}

const isNearFault = (run, fromMs, untilMs) => run.faults.some((fault) => fault.at_ms <= untilMs &&
  (fault.until_ms ?? fault.at_ms) + (fault.what === 'lost_reply' ? LOST_REPLY_MS : FAULT_MS) >= fromMs);

function stale(run, found) {
  for (const turn of run.liveTurns) {
    const first = run.outboxByTurn.get(turn.turn_id)?.[0], accept = first && run.acceptsById.get(first.outbox_id)?.[0];
    const mayBeSuperseded = turn.decision === 'RESPOND' && turn.path !== 'opt' && turn.superseded_count < REPLANS_MAX && !turn.has_receipt;
    if (!accept || first.author !== 'bot' || first.attempt > 1 || !mayBeSuperseded || accept.at_ms > turn.committed_ms - turn.duration_ms + ANSWER_MS) continue;
    const newest = Math.max(...turn.inbox_seqs);
    const newer = (run.messagesByConversation.get(turn.conversation_id) ?? []).find((row) => row.inbox_seq > newest && row.acked_ms + INTENT_MS < accept.at_ms);
    if (newer && !isNearFault(run, newer.acked_ms, accept.at_ms)) found('stale', `${first.outbox_id} was sent ${accept.at_ms - newer.acked_ms} ms after the customer wrote again`);
  }
}

const isRefused = (row) => row.state === 'refused';
const isGivenUp = (row) => row.state === 'failed' && row.error_text.startsWith('outcome unknown twice');

function unsent(run, found) {
  for (const row of run.outbox) {
    const isAccepted = run.acceptsById.has(row.outbox_id);
    if (row.state === 'queued' || row.state === 'sending') found('unanswered', `${row.outbox_id} is still ${row.state}`);
    else if (row.state === 'superseded') continue;
    else if (isRefused(row)) found('refused');
    else if (isGivenUp(row)) found('given_up');
    else if (!isAccepted) found('unanswered', `${row.outbox_id} is ${row.state} (${row.error_code} ${row.error_text}) and the provider never had it`);
  }
}

// D10: what a turn does is done once, however often it runs, and the turn is committed.
function effectsTwice(run, found) {
  const done = new Set();
  for (const { tenant_id: tenant, turn_id: id } of run.effects ?? []) {
    const turn = run.turnsById.get(id);
    if (done.has(id)) found('effects', `turn ${id} did its work twice`);
    done.add(id);
    if (!turn || turn.superseded_ms || turn.tenant_id !== tenant) found('effects', `turn ${id} did something and was not committed`);
  }
}

// D10: a turn that runs again and asks otherwise is an error that is shown: the customer gets the polite text.
function mismatched(run, found) {
  for (const turn of run.turns) if (STEP_ERRORS.includes(turn.error_code)) found('mismatched');
}

// I7: once all statuses are acknowledged, each message that arrived is read.
function statusesLost(run, found) {
  if (run.statuses.acked !== run.statuses.posted) return;
  for (const id of run.acceptsById.keys()) {
    const row = run.outboxById.get(id);
    if (row && row.state !== 'read') found('statuses_lost', `${id} was read and is ${row.state}`);
  }
}

// a full disk is over soon after there is room again.
function recoveredLate(run, found) {
  for (const fault of run.faults)
    if (fault.what === 'disk_full' && fault.back_ms > DISK_BACK_MS) found('slow_recovery', `the database took no writes for ${fault.back_ms} ms after its disk had room again`);
}

// D7: while a cell is cut off, the other one answers.
function stalled(run, found) {
  for (const { what, at_ms: fromMs, until_ms: untilMs } of run.faults)
    if (what === 'cell' && !run.ledger.some((accept) => accept.at_ms > fromMs && accept.at_ms <= untilMs + FAULT_MS))
      found('stalled', `a cell was cut off for ${untilMs - fromMs} ms, and nobody was answered in that time and ${FAULT_MS} ms after it`);
}

// The broker's calls add up.
function miscounted(run, found) {
  for (const { accepted, replied, failed, cancelled, dead, open } of [run.counters].flat())
    if (accepted !== replied + failed + cancelled + dead + open) found('miscounted', `accepted ${accepted}, but replied ${replied} + failed ${failed} + cancelled ${cancelled} + dead ${dead} + open ${open}`);
}

const oracles = [lost, answeredTwice, sentTwice, sentOutOfOrder, turnsOutOfOrder, arrivedOutOfOrder, split, writtenByWrongOwner, sentByWrongOwner, crossed, unanswered, superseded, stale, unsent, effectsTwice, mismatched, statusesLost, recoveredLate, stalled, miscounted];

// These must be 0; `ambiguous`, `refused`, `given_up`, `superseded` and `mismatched` are counted and allowed.
export const MUST_BE_0 = ['lost', 'duplicates', 'reordered', 'split', 'wrong_owner', 'crossed', 'unanswered', 'stale', 'effects', 'statuses_lost', 'slow_recovery', 'stalled', 'miscounted'];

// { figures: { lost: 0, ... }, findings: ['lost: ...', ...] }
export function judge(data) {
  const run = prepare(data);
  const figures = Object.fromEntries([...MUST_BE_0, 'ambiguous', 'refused', 'given_up', 'superseded', 'mismatched'].map((name) => [name, 0]));
  const findings = [];
  for (const oracle of oracles)
    oracle(run, (figure, text) => {
      figures[figure]++;
      if (text && figures[figure] <= FOUND_TEXTS_MAX) findings.push(`${figure}: ${text}`);
    });
  return { figures, findings };
}

// Times from writing a message to the first part of its answer at the provider, sorted.
export function replyTimes(data) {
  const run = prepare(data);
  const times = [];
  for (const message of run.messages) {
    const turn = run.inboxById.get(message.external_id)?.turn_id;
    const first = (run.outboxByTurn.get(turn) ?? [])[0];
    const accept = first && run.acceptsById.get(first.outbox_id)?.[0];
    if (accept) times.push(accept.at_ms - message.written_ms);
  }
  return times.sort((a, b) => a - b);
}

export const percentile = (sorted, pct) => (sorted.length === 0 ? 0 : sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * pct) / 100))]);
