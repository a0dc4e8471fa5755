-- turn_begin for many conversations of one tenant, a row each, place is whose (from 1). The usual turn, of
-- a conversation that nobody holds and that has no turn open and nothing left to send, begins
-- together with all others of its kind: to start a statement costs more than what it does for one
-- conversation. What has any other story begins one by one.
--
-- lease_fence is looked at again where the lease is taken: the messages were read before, and nobody has had a
-- turn since.
create or replace function turn_begins(
    p_tenant text, p_conversations uuid[], p_holders text[], p_lease_ms bigint[],
    p_planned_counts bigint[])
returns table (
    place bigint, is_granted boolean, retry_after_ms integer, fence bigint, tenant_name text,
    internal_language text, contact_id text, contact_name text, contact_phone text, channel text,
    channel_account_id text, language text, owner text, owner_fence bigint, flow_state text,
    session_id text, pending json, is_over_quota boolean, is_blocked boolean, turn_id uuid,
    turn_started_at_ms bigint, turn_age_ms bigint, was_superseded boolean, replans_left integer,
    steps_count integer, first_sign_ms integer, answer_ms integer, is_poison boolean,
    is_wait_over boolean, last_activity_at_ms bigint, loop_count integer, loop_text_hash bigint,
    loop_turns_max integer, intent_thresholds json)
language plpgsql rows 10 as $$
declare
    t tenants;
    v_begun bigint[] := '{}';
    v_is_over_quota boolean;
begin
    t := tenant_of(p_tenant);
    v_is_over_quota := t.message_quota_per_day is not null
                       and usage_today(p_tenant) >= t.message_quota_per_day;
    for place, fence, contact_id, contact_name, contact_phone, channel, channel_account_id, language,
        owner, owner_fence, flow_state, session_id, pending, is_blocked, turn_id, turn_started_at_ms,
        is_wait_over, last_activity_at_ms, loop_count, loop_text_hash
    in
        with found as materialized ( -- from conversation to row, whatever the statistics say
            select w.place, w.holder, w.lease_ms, c.ctid, c.lease_fence, p.pending, p.last_seq
              from unnest(p_conversations, p_holders, p_lease_ms, p_planned_counts)
                       with ordinality w(conversation_id, holder, lease_ms, planned_count, place)
             cross join lateral (
                       select k.ctid, k.lease_fence from conversations k
                        where k.tenant_id = p_tenant and k.conversation_id = w.conversation_id
                          and k.lease_holder = '' and k.turn_id is null offset 0) c
             cross join lateral turn_pending(p_tenant, w.conversation_id, null) p
             where w.planned_count = 0 and p.bytes_count <= 1048576
               and (select true from outbox_queue q
                     where q.tenant_id = p_tenant and q.conversation_id = w.conversation_id) is null),
        begun as (
            update conversations k
               set lease_holder = f.holder, lease_fence = k.lease_fence + 1,
                   lease_expires_at = clock_timestamp() + f.lease_ms * interval '1 ms',
                   turn_id = uuid7(), turn_started_at = clock_timestamp(),
                   turn_input_seq = f.last_seq, superseded_count = 0, turn_begins_count = 1
              from found f
             where k.ctid = f.ctid and k.lease_holder = ''
               and k.turn_id is null and k.lease_fence = f.lease_fence
            returning f.place, f.pending, k.*)
        select b.place, b.lease_fence, b.contact_id, n.name, b.phone, b.channel, b.channel_account_id,
               coalesce(nullif(b.language, ''), n.language), b.owner, b.owner_fence, b.flow_state,
               case when is_same_session(b.last_activity_at, t) then b.session_id else '' end,
               b.pending, n.is_blocked, b.turn_id,
               (extract(epoch from b.turn_started_at) * 1000)::bigint,
               b.wait_turn_id is not null and b.wait_until is null,
               coalesce(epoch_ms(b.last_activity_at), 0), b.loop_count, b.loop_text_hash
          from begun b
          left join lateral (select k.name, k.is_blocked, k.language from contacts k
                              where k.tenant_id = p_tenant and k.contact_id = b.contact_id
                             offset 0) n on true
    loop
        is_granted := true;
        retry_after_ms := 0;
        tenant_name := t.name;
        internal_language := t.internal_language;
        is_over_quota := v_is_over_quota;
        turn_age_ms := 0;
        was_superseded := false;
        replans_left := replans_max();
        steps_count := 0;
        first_sign_ms := t.first_sign_ms;
        answer_ms := t.answer_ms;
        is_poison := false;
        loop_turns_max := t.loop_turns_max;
        intent_thresholds := t.intent_thresholds::json;
        v_begun := v_begun || place;
        return next;
    end loop;
    if cardinality(v_begun) < cardinality(p_conversations) then
        return query
        select w.place, b.*
          from unnest(p_conversations, p_holders, p_lease_ms, p_planned_counts)
                   with ordinality w(conversation_id, holder, lease_ms, planned_count, place)
         cross join lateral turn_begin(p_tenant, w.conversation_id, w.holder, w.lease_ms,
                                       w.planned_count) b
         where w.place <> all (v_begun);
    end if;
end
$$;
