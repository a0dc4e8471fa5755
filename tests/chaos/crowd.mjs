// New contacts who are everywhere at once: each webhook in 64 copies on 64 connections (promises.md R-21), or ten first
// messages together. Afterwards the rows and the provider's count must say: one of each.
import { Parley, freePort, phoneId, secret, sleep } from '../harness/parley.mjs';
import { keepLargest, memoryOf } from './faults.mjs';
import { drain, settings, World } from './run.mjs';

// What `--redelivery` and `--newcomers` send. With more than one message the contact may have several turns: their number is
// that of the pauses between them.
export const crowds = {
  redelivery: { contacts: 10000, messages: 1, copies: 64, isOneTurn: true },
  newcomers: { contacts: 1000, messages: 10, copies: 1, isOneTurn: false },
};
const CONNECTIONS = 64;
const STALL_MS = 60000; // without an acknowledgement
const TELL_MS = 10000;
const LATE_MS = 1000; // a second reply would come about now

class Crowd extends World {
  constructor(options) {
    super(options, 'crowd_load');
    this.contacts = options.contacts;
  }

  get isQuiet() {
    return this.last?.contacts === this.contacts && this.last.acked === this.last.posts;
  }
}

async function allAcknowledged(crowd, memory, parley, say) {
  let seen = -1, seenMs = Date.now(), toldMs = Date.now();
  for (; !crowd.isQuiet; await sleep(200)) {
    crowd.assertAlive();
    const { contacts, acked, posts, replies } = crowd.last ?? { acked: 0 };
    if (acked !== seen) [seen, seenMs] = [acked, Date.now()];
    if (Date.now() - seenMs > STALL_MS) throw new Error(`nothing was acknowledged for ${STALL_MS / 1000} s: ${JSON.stringify(crowd.last)}`);
    if (Date.now() - toldMs < TELL_MS) continue;
    toldMs = Date.now();
    keepLargest(memory, memoryOf(parley));
    say(`${contacts} of ${crowd.contacts} contacts have written, ${acked} of ${posts} webhooks acknowledged, ${replies} replies`);
  }
}

// The instance has no other conversations.
async function readRows(parley) {
  const [row] = await parley.query(`select
    (select count(*) from inbox)::int as rows, (select count(*) from inbox where turn_id is null)::int as unanswered,
    (select count(*) from conversations)::int as conversations, (select count(distinct contact_id) from conversations)::int as people,
    (select count(*) from turns where superseded_at is null)::int as turns,
    (select count(*) from turns where superseded_at is null and outbox_count <> 1)::int as turns_without_one_reply,
    (select count(*) from (select unnest(inbox_seqs) as seq from turns where superseded_at is null) s)::int as rows_in_turns,
    (select count(distinct seq) from (select unnest(inbox_seqs) as seq from turns where superseded_at is null) s)::int as distinct_rows_in_turns,
    (select count(*) from outbox where state not in ('superseded', 'refused', 'merged'))::int as outbox`);
  return row;
}

// Each row: is it so, and what to say when not.
export function crowdFindings({ isOneTurn, contacts, messages }, figures) {
  const rows = [
    [figures.acked === figures.posts && figures.refused === 0, `${figures.acked} of ${figures.posts} webhooks acknowledged, ${figures.refused} refused`],
    [figures.rows === contacts * messages, `${figures.rows} inbox rows, not ${contacts * messages}`],
    [figures.conversations === contacts && figures.people === contacts, `${figures.conversations} conversations of ${figures.people} people, not ${contacts}`],
    [figures.unanswered === 0 && figures.rows_in_turns === figures.rows && figures.distinct_rows_in_turns === figures.rows,
      `${figures.unanswered} rows in no turn, ${figures.rows_in_turns} places in turns for ${figures.distinct_rows_in_turns} of ${figures.rows} rows`],
    [!isOneTurn || figures.turns === contacts, `${figures.turns} turns, not ${contacts}`],
    [figures.turns_without_one_reply === 0, `${figures.turns_without_one_reply} turns with another number of replies than one`],
    [figures.replied_none === 0 && (!isOneTurn || figures.replied_once === contacts), `${figures.replied_none} contacts without a reply, ${figures.replied_once} with one`],
    [figures.replies === figures.outbox && figures.strangers === 0, `${figures.replies} replies at the provider for ${figures.outbox} of the outbox, ${figures.strangers} to strangers`],
    [figures.drain_ms !== null, 'work was left a minute after the last acknowledgement'],
  ];
  return rows.filter(([isSo]) => !isSo).map(([, text]) => text);
}

// options: { kind, contacts (as in the table), onStart }
export async function crowdRun(options, say = () => {}) {
  const kind = { ...crowds[options.kind], ...(options.contacts && { contacts: options.contacts }) };
  const { contacts, messages, copies } = kind;
  const port = await freePort();
  const parley = await Parley.start({ sim: { url: `http://127.0.0.1:${port}` }, env: { ...settings, PARLEY_QUIET_WINDOW_MS: undefined } });
  options.onStart?.(parley);
  let crowd = null, findings = null;
  try {
    crowd = new Crowd({ url: `${parley.url}/webhook/whatsapp`, secret, 'phone-id': phoneId, 'graph-port': port, contacts, messages, copies, connections: CONNECTIONS });
    const memory = {};
    await allAcknowledged(crowd, memory, parley, say);
    const drainMs = await drain(parley, crowd, say);
    keepLargest(memory, memoryOf(parley));
    await sleep(LATE_MS);
    const figures = { kind: options.kind, copies, messages, connections: CONNECTIONS, ...(await crowd.end()), ...(await readRows(parley)), drain_ms: drainMs, memory_max_mib: Math.max(...Object.values(memory)) };
    findings = crowdFindings(kind, figures);
    return { figures, findings, folder: parley.data };
  } finally {
    crowd?.child.kill('SIGKILL');
    await parley.stop({ keep: findings !== null && findings.length > 0 });
  }
}

export const crowdLine = (figures) =>
  `${figures.kind}: ${figures.posts} webhooks (${figures.copies} copies of ${figures.messages} messages of each of ${figures.contacts} contacts) on ${figures.connections} connections in ${figures.seconds} s: ` +
  `${figures.rows} rows, ${figures.conversations} conversations, ${figures.turns} turns, ${figures.replies} replies; ${figures.unavailable} told to come again, ` +
  `acknowledged p99 ${figures.ack_p99_ms} ms, drained in ${figures.drain_ms} ms, at most ${figures.memory_max_mib} MiB`;
