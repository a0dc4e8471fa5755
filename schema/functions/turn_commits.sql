-- turn_commit for many turns of one tenant, a row each, place is whose (from 1). The usual turn, of a flow
-- that answers and changes nothing else, is committed together with all others of its kind: to start a
-- statement costs more than what it does for one turn. What has any other story is committed one by one.
--
-- The arrays of what a turn has many of hold those of all turns, one after the other, and ..._counts how
-- many are whose.
create or replace function turn_commits(
    p_tenant text, p_conversations uuid[], p_fences bigint[], p_turns uuid[], p_sessions text[],
    p_inbox_seqs bigint[], p_inbox_counts bigint[], p_languages text[],
    p_language_confidences double precision[], p_texts text[], p_translations text[],
    p_intents text[], p_confidences double precision[], p_sentiments text[], p_risks text[],
    p_risk_counts bigint[], p_paths text[], p_decisions text[], p_handoff_reasons text[],
    p_flow_states text[], p_outbox_ids text[], p_contents json[], p_outbox_counts bigint[],
    p_error_codes text[], p_durations_ms bigint[], p_owner_fences bigint[], p_is_final boolean[],
    p_journals bytea[], p_waits_ms bigint[], p_waits_for text[], p_understandings json[],
    p_loop_counts bigint[], p_loop_text_hashes bigint[])
returns table (place bigint, was_committed boolean, pending_count integer, outbox_count integer,
               is_stale boolean)
language plpgsql rows 10 as $$
declare
    v_committed bigint[] := '{}';
    v_messages_count bigint := 0;
    v_marked_count bigint := 0;
begin
    is_stale := false;
    was_committed := true;
    pending_count := 0;
    for place, outbox_count, v_messages_count, v_marked_count in
        with asked as (
            select w.*,
                   (sum(w.inbox_count) over before - w.inbox_count)::integer as inbox_at,
                   (sum(w.risk_count) over before - w.risk_count)::integer as risk_at,
                   (sum(w.outbox_count) over before - w.outbox_count)::integer as outbox_at
              from unnest(p_conversations, p_fences, p_turns, p_sessions, p_inbox_counts,
                          p_languages, p_language_confidences, p_texts, p_translations, p_intents,
                          p_confidences, p_sentiments, p_risk_counts, p_paths, p_decisions,
                          p_handoff_reasons, p_flow_states, p_outbox_counts, p_error_codes,
                          p_durations_ms, p_owner_fences, p_journals, p_understandings,
                          p_loop_counts, p_loop_text_hashes)
                       with ordinality w(
                          conversation_id, fence, turn_id, session_id, inbox_count,
                          language, language_confidence, text, translation, intent,
                          confidence, sentiment, risk_count, path, decision,
                          handoff_reason, flow_state, outbox_count, error_code,
                          duration_ms, owner_fence, journal, understanding,
                          loop_count, loop_text_hash, place)
            window before as (order by w.place rows unbounded preceding)),
        found as materialized ( -- from turn to rows, whatever the statistics say
            select w.*, c.ctid, i.inbox_ctids,
                   p_inbox_seqs[w.inbox_at + 1:w.inbox_at + w.inbox_count] as inbox_seqs
              from asked w
             cross join lateral (
                       select k.ctid from conversations k
                        where k.tenant_id = p_tenant and k.conversation_id = w.conversation_id
                          and k.lease_fence = w.fence and k.lease_holder <> ''
                          and k.owner_fence = w.owner_fence and k.owner = 'bot'
                          and k.loop_since is null and w.language in ('', k.language) offset 0) c
             cross join lateral (
                       select array_agg(n.ctid) as inbox_ctids,
                              bool_and(n.inbox_seq = any (p_inbox_seqs[w.inbox_at + 1:w.inbox_at
                                                                       + w.inbox_count])) as is_all
                         from inbox n
                        where n.tenant_id = p_tenant and n.conversation_id = w.conversation_id
                          and n.turn_id is null and n.starts_turn) i
             where w.decision = 'RESPOND' and w.path like 'flow:%' and i.is_all),
        committed as (
            update conversations k
               set lease_holder = '', lease_expires_at = null, turn_id = null,
                   turn_started_at = null, turn_input_seq = null, flow_state = f.flow_state,
                   flow_state_before = k.flow_state, wait_turn_id = null, wait_until = null,
                   wait_for = '', loop_count = f.loop_count, loop_text_hash = f.loop_text_hash,
                   next_seq = k.next_seq + f.outbox_count, last_activity_at = now(),
                   session_started_at = case when k.session_id = f.session_id
                                             then k.session_started_at else now() end,
                   session_id = f.session_id
              from found f
             where k.ctid = f.ctid and k.lease_fence = f.fence
               and k.lease_holder <> '' and k.owner_fence = f.owner_fence and k.owner = 'bot'
               and k.loop_since is null
            returning f.*, k.next_seq - f.outbox_count as first_seq, k.channel,
                      k.channel_account_id, k.superseded_count),
        answered as (
            update inbox i set turn_id = m.turn_id
              from (select c.turn_id, unnest(c.inbox_ctids) as inbox_ctid from committed c) m
             where i.ctid = m.inbox_ctid and i.turn_id is null
            returning true),
        put as (
            insert into outbox (tenant_id, outbox_id, conversation_id, seq, turn_id, author, channel,
                                channel_account_id, owner_fence, content)
            select p_tenant, p_outbox_ids[c.outbox_at + n]::uuid, c.conversation_id,
                   c.first_seq + n - 1, c.turn_id, 'bot', c.channel, c.channel_account_id,
                   c.owner_fence, p_contents[c.outbox_at + n]
              from committed c cross join generate_series(1, c.outbox_count::integer) n),
        queued as (
            insert into outbox_queue (tenant_id, conversation_id, head_seq, last_seq, due_at)
            select p_tenant, c.conversation_id, c.first_seq, c.first_seq + c.outbox_count - 1,
                   clock_timestamp()
              from committed c
             where c.outbox_count > 0
            on conflict (tenant_id, conversation_id) do update set last_seq = excluded.last_seq),
        recorded as (
            insert into turns (tenant_id, conversation_id, fence, turn_id, session_id, inbox_seqs,
                               language, language_confidence, text, translation, intent, confidence,
                               sentiment, risk, path, decision, handoff_reason, error_code,
                               duration_ms, outbox_count, superseded_count, is_flow_open,
                               understanding)
            select p_tenant, c.conversation_id, c.fence, c.turn_id, c.session_id, c.inbox_seqs,
                   c.language, c.language_confidence, c.text, c.translation, c.intent, c.confidence,
                   c.sentiment, p_risks[c.risk_at + 1:c.risk_at + c.risk_count], c.path, c.decision,
                   c.handoff_reason, c.error_code, c.duration_ms, c.outbox_count,
                   c.superseded_count, c.flow_state <> '',
                   case when c.understanding ->> 'outcome' <> '' then c.understanding::jsonb end
              from committed c),
        kept as (
            insert into turn_steps (tenant_id, turn_id, step_key, conversation_id, kind,
                                    request_hash, result)
            select p_tenant, c.turn_id, 'journal', c.conversation_id, 'journal', '', c.journal
              from committed c
             where c.journal <> ''),
        used as (
            insert into usage_daily as u (tenant_id, day, writer, turns_count, inbound_count,
                                          outbound_count, fallbacks_count)
            select p_tenant, (now() at time zone 'UTC')::date, pg_backend_pid(), count(*),
                   sum(c.inbox_count), sum(c.outbox_count), count(*) filter (where c.error_code <> '')
              from committed c
            having count(*) > 0
            on conflict (tenant_id, day, writer) do update
               set turns_count = u.turns_count + excluded.turns_count,
                   inbound_count = u.inbound_count + excluded.inbound_count,
                   outbound_count = u.outbound_count + excluded.outbound_count,
                   fallbacks_count = u.fallbacks_count + excluded.fallbacks_count)
        select c.place, c.outbox_count, sum(cardinality(c.inbox_ctids)) over (),
               (select count(*) from answered)
          from committed c
    loop
        v_committed := v_committed || place;
        return next;
    end loop;
    if v_marked_count <> v_messages_count then -- one came again just now, and is another version of its row
        raise exception 'a message changed before its turn was committed' using errcode = '40001';
    end if;
    if cardinality(v_committed) = cardinality(p_conversations) then
        return;
    end if;
    return query
    select n::bigint, r.*
      from generate_subscripts(p_conversations, 1) n
     cross join lateral (
               select (select coalesce(sum(v), 0)::integer from unnest(p_inbox_counts[:n - 1]) v),
                      (select coalesce(sum(v), 0)::integer from unnest(p_risk_counts[:n - 1]) v),
                      (select coalesce(sum(v), 0)::integer from unnest(p_outbox_counts[:n - 1]) v))
               before(inbox_count, risk_count, outbox_count)
     cross join lateral turn_commit(
               p_tenant, p_conversations[n], p_fences[n], p_turns[n], p_sessions[n],
               p_inbox_seqs[before.inbox_count + 1:before.inbox_count + p_inbox_counts[n]],
               p_languages[n], p_language_confidences[n], p_texts[n], p_translations[n],
               p_intents[n], p_confidences[n], p_sentiments[n],
               p_risks[before.risk_count + 1:before.risk_count + p_risk_counts[n]], p_paths[n],
               p_decisions[n], p_handoff_reasons[n], p_flow_states[n],
               p_outbox_ids[before.outbox_count + 1:before.outbox_count + p_outbox_counts[n]],
               p_contents[before.outbox_count + 1:before.outbox_count + p_outbox_counts[n]],
               p_error_codes[n], p_durations_ms[n], p_owner_fences[n], p_is_final[n],
               p_journals[n], p_waits_ms[n], p_waits_for[n], p_understandings[n],
               p_loop_counts[n], p_loop_text_hashes[n]) r
     where n <> all (v_committed);
end
$$;
