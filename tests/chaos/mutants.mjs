// Products that are broken on purpose (promises.md R-0): one function of the database each is replaced in a running
// instance, and a short run must find it. What is broken: [the figure that must speak, { function: [from, to] }, options of
// the run, and `sql` that comes first].
import { chaosRun } from './run.mjs';

export const mutants = {
  'a webhook is acknowledged and its message not kept': ['lost', {
    append_inbound: ['order by m.external_id', 'where random() < 0.95 order by m.external_id'],
  }],
  'a message that comes twice is stored twice': ['duplicates', {
    append_inbound: [/on conflict on constraint inbox_pkey\s+do update set .*\n(.*)i\.xmax = 0/, '$1true'],
  }, { sql: 'alter table inbox drop constraint inbox_pkey cascade' }],
  'a turn does not mark its messages as answered': ['duplicates', {
    turn_commit: ['update inbox i set turn_id = p_turn', 'update inbox i set turn_id = case when random() < 0.95 then p_turn end'],
    turn_commits: ['update inbox i set turn_id = m.turn_id', 'update inbox i set turn_id = case when random() < 0.95 then m.turn_id end'],
  }],
  'a turn takes the newest message first': ['reordered', {
    turn_pending: ['order by i.inbox_seq limit 256', 'order by i.inbox_seq desc limit 1'],
  }, { conversations: 60 }],
  'the fence of the owner is not looked at': ['wrong_owner', {
    claim_due: [/if o\.author = 'bot' and o\.owner_fence < r\.owner_fence then/, 'if false then'],
    put_intent: [/\(k\.author <> 'bot' or k\.owner_fence = [a-z_.]+\)/g, 'true'],
  }, { env: { PARLEY_THROUGHPUT_PER_S: '6' } }], // so slow that answers wait while somebody takes the conversation
  'an answer goes to another customer': ['crossed', {
    claim_due: [/content := o\.content;/, "content := o.content; if random() < 0.05 then address := '15550000001'; phone := '15550000001'; end if;"],
  }],
  'a turn says nothing': ['unanswered', {
    turn_commit: [/was_committed := false;/, "was_committed := false; if random() < 0.05 then p_outbox_ids := '{}'; p_contents := '{}'; end if;"],
    turn_commits: ['p_flow_states, p_outbox_counts,', 'p_flow_states, array(select case when random() < 0.05 then 0 else n end from unnest(p_outbox_counts) n),'],
  }],
  'an answer is sent though the customer has written again': ['stale', {
    put_intent: [/if v_has_newer then|and not exists \([^)]*starts_turn offset 0\)/g, (found) => (found.startsWith('if') ? 'if false then' : '')],
    turn_take_back: ['begin\n', 'begin\n    return false;\n'],
  }, { env: { PARLEY_THROUGHPUT_PER_S: '4' }, conversations: 100, takeoverEveryMs: 60000, isCalm: true }], // so slow that customers write meanwhile; a fault near by excuses it
  'statuses are acknowledged and dropped': ['statuses_lost', {
    apply_status: [/if v_status not in \(/, "if v_status = 'read' and random() < 0.1 or v_status not in ("],
  }, { drainMs: 30000 }], // some statuses come late
};

async function breakFunction(parley, name, [from, to]) {
  const rows = await parley.query("select pg_get_functiondef(oid) as text from pg_proc where proname = $1 and pronamespace = 'parley'::regnamespace", [name]);
  const broken = rows[0].text.replace(from, to);
  if (rows.length !== 1 || broken === rows[0].text) throw new Error(`mutant: ${name} has changed and does not hold ${from}`);
  await parley.query(broken);
}

// What the oracle says of a short run with this mutant: { figures..., findings }.
export async function mutantRun(name, { seed }, say = () => {}) {
  const [, functions, { sql, ...options } = {}] = mutants[name];
  const prepare = async (parley) => {
    if (sql) await parley.query(sql);
    for (const [of, change] of Object.entries(functions)) await breakFunction(parley, of, change);
  };
  return chaosRun({ seed, seconds: 8, rate: 80, conversations: 150, killEveryMs: 4000, drainMs: 4000, takeoverEveryMs: 50, prepare, isLost: true, ...options }, say);
}
