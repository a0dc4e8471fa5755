-- Ends a turn: what it decided, its answers into the outbox, its messages marked as answered, the
-- lease given back, in one transaction. was_committed is false, and nothing written, when the fence
-- is not the current one or somebody else owns the conversation by now. The same turn again (its
-- first answer was lost) is told that it was committed.
--
-- is_stale: the customer wrote more than p_inbox_seqs, and the turn may be superseded (promises.md D5).
-- Nothing is written, the turn stays open and the lease held: turn_begin plans again. Not with p_is_final.
drop function if exists turn_commit; -- "replace" takes no other result
create or replace function turn_commit(
    p_tenant text, p_conversation uuid, p_fence bigint, p_turn uuid, p_session text,
    p_inbox_seqs bigint[], p_language text, p_language_confidence double precision, p_text text,
    p_translation text, p_intent text, p_confidence double precision, p_sentiment text,
    p_risk text[], p_path text, p_decision text, p_handoff_reason text, p_flow_state text,
    p_outbox_ids text[], p_contents json[], p_error_code text, p_duration_ms bigint, p_owner_fence bigint,
    p_is_final boolean, p_journal bytea, p_wait_ms bigint, p_wait_for text,
    p_understanding json,
    p_loop_count bigint, p_loop_text_hash bigint,
    out was_committed boolean, out pending_count integer, out outbox_count integer,
    out is_stale boolean)
language plpgsql as $$
declare
    c conversations;
    v_is_handoff boolean := p_decision = 'HUMAN_HANDOFF';
    v_is_wait boolean := p_decision = 'WAIT';
begin
    was_committed := false;
    is_stale := false;
    select * into c from conversations k
     where k.tenant_id = p_tenant and k.conversation_id = p_conversation
       for no key update;
    if not found then
        return;
    end if;
    if c.lease_fence <> p_fence or c.lease_holder = '' then
        select true, 0, t.outbox_count into was_committed, pending_count, outbox_count
          from turns t
         where t.tenant_id = p_tenant and t.conversation_id = p_conversation
           and t.fence = p_fence and t.turn_id = p_turn;
        was_committed := coalesce(was_committed, false);
        return;
    end if;
    if c.owner_fence <> p_owner_fence then
        return;
    end if;
    -- The usual turn is not stale: one statement looks and marks.
    with newer as materialized (
        select count(*) as n from inbox i
         where i.tenant_id = p_tenant and i.conversation_id = p_conversation
           and i.turn_id is null and i.starts_turn and i.inbox_seq <> all (p_inbox_seqs)),
    answered as (
        update inbox i set turn_id = p_turn
         where i.tenant_id = p_tenant and i.conversation_id = p_conversation
           and i.turn_id is null and i.starts_turn and i.inbox_seq = any (p_inbox_seqs)
           and (p_is_final or (select n from newer) = 0))
    select n into pending_count from newer;
    if pending_count > 0 and not p_is_final then
        is_stale := turn_may_be_superseded(c);
        if is_stale then
            return;
        end if;
        update inbox i set turn_id = p_turn
         where i.tenant_id = p_tenant and i.conversation_id = p_conversation
           and i.turn_id is null and i.starts_turn and i.inbox_seq = any (p_inbox_seqs);
    end if;
    -- The answers of this turn are the bot's last word: they carry the owner fence it leaves
    -- behind.
    v_is_handoff := v_is_handoff and c.owner <> 'person';
    outbox_count := outbox_put(c, p_turn, 'bot', c.owner_fence + v_is_handoff::integer,
                               p_outbox_ids::uuid[], p_contents);

    insert into turns (tenant_id, conversation_id, fence, turn_id, session_id, inbox_seqs, language,
                       language_confidence, text, translation, intent, confidence, sentiment, risk,
                       path, decision, handoff_reason, error_code, duration_ms, outbox_count,
                       superseded_count, is_flow_open, understanding)
    values (p_tenant, p_conversation, p_fence, p_turn, p_session, p_inbox_seqs, p_language,
            p_language_confidence, p_text, p_translation, p_intent, p_confidence, p_sentiment,
            p_risk, p_path, p_decision, p_handoff_reason, p_error_code, p_duration_ms,
            outbox_count, c.superseded_count, p_flow_state <> '',
            case when p_understanding ->> 'outcome' <> '' then p_understanding::jsonb end);
    if p_journal <> '' then
        insert into turn_steps (tenant_id, turn_id, step_key, conversation_id, kind, request_hash, result)
        values (p_tenant, p_turn, 'journal', p_conversation, 'journal', '', p_journal);
    end if;
    if p_path not like 'flow:%' then -- what was read is in the journal now
        delete from turn_steps s
         where s.tenant_id = p_tenant and s.turn_id = p_turn and s.kind = 'seen';
    end if;

    update conversations k
       set lease_holder = '', lease_expires_at = null,
           turn_id = null, turn_started_at = null, turn_input_seq = null, flow_state = p_flow_state,
           flow_state_before = c.flow_state,
           wait_turn_id = case when v_is_wait then p_turn end,
           wait_until = case when v_is_wait
                             then clock_timestamp() + p_wait_ms * interval '1 ms' end,
           wait_for = case when v_is_wait then p_wait_for else '' end,
           loop_count = p_loop_count, loop_text_hash = p_loop_text_hash,
           loop_since = case when p_path = 'loop' then coalesce(c.loop_since, now()) end,
           next_seq = c.next_seq + outbox_count, last_activity_at = now(),
           language = coalesce(nullif(p_language, ''), c.language),
           session_started_at = case when c.session_id = p_session then c.session_started_at
                                     else now() end,
           session_id = p_session,
           owner = case when v_is_handoff then 'person' else c.owner end,
           owner_fence = c.owner_fence + v_is_handoff::integer,
           owner_since = case when v_is_handoff then now() else c.owner_since end,
           handoff_reason = case when v_is_handoff then p_handoff_reason else c.handoff_reason end
     where k.tenant_id = p_tenant and k.conversation_id = p_conversation;

    if p_language <> '' and p_language <> c.language then
        update contacts k set language = p_language, updated_at = now()
         where k.tenant_id = p_tenant and k.contact_id = c.contact_id;
    end if;
    if p_path <> 'loop' and c.loop_since is not null then
        perform alert_resolve(c, 'loop', 'a message looks human again');
    end if;
    if v_is_handoff then
        insert into owner_changes (tenant_id, conversation_id, owner_fence, owner, changed_by,
                                   reason)
        values (p_tenant, p_conversation, c.owner_fence + 1, 'person', 'turn', p_handoff_reason);
        perform person_announce(c, case when p_path = 'poison' then 'poison' else 'handoff' end,
                                p_handoff_reason);
    elsif c.owner = 'nobody' then
        perform alert_once(c, 'unowned', p_text); -- a customer writes, and nobody answers
    elsif p_path = 'loop' and c.loop_since is null then
        perform person_announce(c, 'loop', p_text);
    elsif p_path = 'fallback' then
        perform person_announce(c, 'fallback', p_error_code); -- the customer was told a colleague knows
    end if;
    -- The row belongs to this connection (writer): no two transactions wait for each other here,
    -- and a batch of many tenants cannot deadlock with another one.
    insert into usage_daily as u (tenant_id, day, writer, turns_count, inbound_count,
                                  outbound_count, fallbacks_count)
    values (p_tenant, (now() at time zone 'UTC')::date, pg_backend_pid(), 1,
            cardinality(p_inbox_seqs), outbox_count, (p_error_code <> '')::integer)
    on conflict (tenant_id, day, writer) do update
       set turns_count = u.turns_count + 1,
           inbound_count = u.inbound_count + excluded.inbound_count,
           outbound_count = u.outbound_count + excluded.outbound_count,
           fallbacks_count = u.fallbacks_count + excluded.fallbacks_count;
    was_committed := true;
end
$$;
