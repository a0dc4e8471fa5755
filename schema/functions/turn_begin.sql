-- Takes the lease of a conversation and gives all that every turn needs, in one round trip. Granted only
-- when something is pending and no other living holder has the lease; asking again as the same one
-- is granted again (its first answer was lost). Every grant raises lease_fence: what an earlier
-- holder still wants to commit is refused from then on (I6).
--
-- Opens a turn with all that is pending; when its holder died the turn is still open, and the next one
-- gets the same id, the same start and the same messages. turn_age_ms is how long it is open, by the
-- clock of the database.
--
-- p_planned_count > 0: the holder had planned an answer to that many messages and believes that the
-- customer wrote more. If so, and if the turn may be superseded, a new turn with all messages takes its
-- place (was_superseded); it keeps the start, and with it the deadline. Otherwise it is the same turn.
-- The same happens to the last turn while nothing of its answer was sent (turn_take_back).
--
-- is_poison: the turn was begun too often without an end. Its messages come without their content.
--
-- Single-table statements on purpose: each is one look into one index whatever the statistics say, and costs
-- less than a join, as an assignment costs less than an expression of RETURNING (measured).
drop function if exists turn_begin; -- "replace" takes no other result
create or replace function turn_begin(
    p_tenant text, p_conversation uuid, p_holder text, p_lease_ms bigint, p_planned_count bigint,
    out is_granted boolean, out retry_after_ms integer, out fence bigint, out tenant_name text,
    out internal_language text, out contact_id text, out contact_name text, out contact_phone text,
    out channel text,
    out channel_account_id text, out language text, out owner text, out owner_fence bigint,
    out flow_state text, out session_id text, out pending json,
    out is_over_quota boolean, out is_blocked boolean,
    out turn_id uuid, out turn_started_at_ms bigint, out turn_age_ms bigint,
    out was_superseded boolean, out replans_left integer, out steps_count integer,
    out first_sign_ms integer, out answer_ms integer, out is_poison boolean,
    out is_wait_over boolean, out last_activity_at_ms bigint, out loop_count integer,
    out loop_text_hash bigint, out loop_turns_max integer, out intent_thresholds json)
language plpgsql as $$
declare
    c conversations;
    t tenants;
    v_contact_language text;
    v_input_seq bigint;
    v_bytes_count bigint;
    v_is_taken_back boolean;
begin
    is_granted := false;
    retry_after_ms := 0;
    select * into c from conversations k
     where k.tenant_id = p_tenant and k.conversation_id = p_conversation
       for no key update;
    if not found then
        return;
    end if;
    -- A lease ends with its holder, so whoever waits asks again soon.
    if c.lease_holder <> '' and c.lease_holder <> p_holder
       and c.lease_expires_at > clock_timestamp() and holder_is_alive(c.lease_holder) then
        retry_after_ms := greatest(1, least(1000, ceil(1000 * extract(
            epoch from c.lease_expires_at - clock_timestamp()))))::integer;
        return;
    end if;
    was_superseded := p_planned_count > 0 and c.turn_id is not null and turn_may_be_superseded(c);
    select p.pending, p.last_seq, p.bytes_count into pending, v_input_seq, v_bytes_count
      from turn_pending(p_tenant, p_conversation,
                        case when not was_superseded then c.turn_input_seq end) p;
    was_superseded := was_superseded and json_array_length(pending) > p_planned_count;
    if pending is null and c.turn_id is not null then -- its messages are gone: a new turn
        c.turn_id := null;
        select p.pending, p.last_seq, p.bytes_count into pending, v_input_seq, v_bytes_count
          from turn_pending(p_tenant, p_conversation, null) p;
    end if;
    if pending is null then
        return;
    end if;
    if c.turn_id is null then
        perform 1 from outbox_queue q
          where q.tenant_id = p_tenant and q.conversation_id = p_conversation;
        if found then
            v_is_taken_back := turn_take_back(c);
            if v_is_taken_back is null then
                retry_after_ms := 10;
                return;
            elsif v_is_taken_back then
                was_superseded := true;
                select * into c from conversations k
                 where k.tenant_id = p_tenant and k.conversation_id = p_conversation;
                select p.pending, p.last_seq, p.bytes_count
                  into pending, v_input_seq, v_bytes_count
                  from turn_pending(p_tenant, p_conversation, null) p;
            end if;
        end if;
    end if;
    if v_bytes_count > 1048576 then
        select * into pending, v_input_seq
          from turn_pending_cut(p_tenant, p_conversation, v_input_seq);
    end if;
    steps_count := 0;
    if was_superseded then
        c.turn_id := uuid7();
        c.turn_input_seq := v_input_seq;
        c.superseded_count := c.superseded_count + 1;
        c.turn_begins_count := 1;
    elsif c.turn_id is null then
        c.turn_id := uuid7();
        c.turn_started_at := clock_timestamp();
        c.turn_input_seq := v_input_seq;
        c.superseded_count := 0;
        c.turn_begins_count := 1;
    else
        select count(*) into steps_count from turn_steps s
         where s.tenant_id = p_tenant and s.turn_id = c.turn_id;
        c.turn_begins_count := c.turn_begins_count + (p_planned_count = 0)::integer;
    end if;
    is_poison := c.turn_begins_count > turn_begins_max();
    if is_poison then -- perhaps it is what they hold
        pending := (select json_agg(e::jsonb - 'content') from json_array_elements(pending) e);
    end if;

    t := tenant_of(p_tenant);
    select k.name, k.is_blocked, k.language into contact_name, is_blocked, v_contact_language
      from contacts k where k.tenant_id = p_tenant and k.contact_id = c.contact_id;
    update conversations k
       set lease_holder = p_holder, lease_fence = c.lease_fence + 1,
           lease_expires_at = clock_timestamp() + p_lease_ms * interval '1 ms',
           turn_id = c.turn_id, turn_started_at = c.turn_started_at,
           turn_input_seq = c.turn_input_seq, superseded_count = c.superseded_count,
           turn_begins_count = c.turn_begins_count
     where k.tenant_id = p_tenant and k.conversation_id = p_conversation;

    is_granted := true;
    fence := c.lease_fence + 1;
    tenant_name := t.name;
    internal_language := t.internal_language;
    contact_id := c.contact_id;
    contact_phone := c.phone;
    channel := c.channel;
    channel_account_id := c.channel_account_id;
    language := coalesce(nullif(c.language, ''), v_contact_language);
    owner := c.owner;
    owner_fence := c.owner_fence;
    flow_state := c.flow_state;
    session_id := case when is_same_session(c.last_activity_at, t) then c.session_id else '' end;
    is_over_quota := t.message_quota_per_day is not null
                     and usage_today(p_tenant) >= t.message_quota_per_day;
    first_sign_ms := t.first_sign_ms;
    answer_ms := t.answer_ms;
    intent_thresholds := t.intent_thresholds::json;
    last_activity_at_ms := coalesce(epoch_ms(c.last_activity_at), 0);
    loop_count := c.loop_count;
    loop_text_hash := c.loop_text_hash;
    loop_turns_max := t.loop_turns_max;
    is_wait_over := c.wait_turn_id is not null and c.wait_until is null;
    replans_left := replans_max() - c.superseded_count;
    turn_id := c.turn_id;
    turn_started_at_ms := (extract(epoch from c.turn_started_at) * 1000)::bigint;
    turn_age_ms := (extract(epoch from clock_timestamp() - c.turn_started_at) * 1000)::bigint;
end
$$;
