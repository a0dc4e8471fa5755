-- RESULTs of many requests at once (record_send_outcome says what each means), in the order they were
-- given. The usual one, sent as it was claimed, goes with all others of its kind: to start a statement costs more
-- than what it does for one message. What has any other story goes one by one.
create or replace function record_sends(
    p_tenant text, p_outbox_ids text[], p_attempts bigint[], p_outcomes text[],
    p_provider_ids text[], p_retry_after_ms bigint[], p_error_codes bigint[], p_error_texts text[],
    p_is_unknown boolean[], p_reason_codes text[], p_advice text[], p_next_after_ms bigint[])
returns table (outbox_id text, was_recorded boolean, has_next boolean)
language plpgsql rows 10 as $$
declare
    i record;
    v_sent uuid[];
    v_conversations uuid[];
    v_seqs bigint[];
    v_count integer;
    v_next text[] := '{}';
begin
    with found as materialized ( -- from the results to the messages, whatever the statistics say
        select k.ctid, w.attempt, w.provider_id, w.advice
          from unnest(p_outbox_ids::uuid[], p_attempts, p_outcomes, p_provider_ids, p_error_codes,
                      p_error_texts, p_is_unknown, p_reason_codes, p_advice, p_next_after_ms)
                   w(outbox_id, attempt, outcome, provider_id, error_code, error_text, is_unknown,
                     reason_code, advice, next_after_ms)
         cross join lateral (select o.ctid, o.channel from outbox o
                              where o.tenant_id = p_tenant and o.outbox_id = w.outbox_id offset 0) k
         where w.outcome = 'sent' and w.provider_id <> '' and w.error_code = 0
           and w.error_text = '' and not w.is_unknown and w.reason_code = ''
           and w.next_after_ms = 0
           and (select true from provider_messages m -- a status came before
                 where m.tenant_id = p_tenant and m.channel = k.channel
                   and m.provider_id = w.provider_id) is null
         order by w.outbox_id),
    sent as (
        update outbox k
           set state = 'sent', provider_id = f.provider_id, sent_at = now(), delivered_at = null,
               read_at = null, failed_at = null, error_code = '', error_text = '',
               advice = f.advice
          from found f
         where k.ctid = f.ctid and k.state = 'sending'
           and k.attempt = f.attempt
        returning k.outbox_id, k.conversation_id, k.seq, k.channel, k.provider_id),
    noted as (
        insert into provider_messages (tenant_id, channel, provider_id, outbox_id)
        select p_tenant, s.channel, s.provider_id, s.outbox_id from sent s
        on conflict do nothing
        returning true)
    select array_agg(s.outbox_id), array_agg(s.conversation_id), array_agg(s.seq),
           (select count(*) from noted)
      into v_sent, v_conversations, v_seqs, v_count
      from sent s;
    if v_count <> cardinality(v_sent) then -- a status came just now: the next try sees it
        raise exception 'a status came before its result' using errcode = '40001';
    end if;
    delete from outbox_queue q
     where q.ctid = any (array(
               select k.ctid
                 from unnest(v_conversations, v_seqs) s(conversation_id, seq)
                cross join lateral (select n.ctid from outbox_queue n
                                     where n.tenant_id = p_tenant
                                       and n.conversation_id = s.conversation_id
                                       and n.head_seq = s.seq offset 0) k))
       and q.head_seq = q.last_seq;
    get diagnostics v_count = row_count;
    if v_count <> cardinality(v_sent) then
        v_next := array(select s.outbox_id::text from unnest(v_sent, v_conversations, v_seqs)
                                                     s(outbox_id, conversation_id, seq)
                         where outbox_settle(p_tenant, s.conversation_id, s.seq, null));
    end if;
    if cardinality(v_sent) = cardinality(p_outbox_ids) then
        return query select s, true, s = any (v_next) from unnest(p_outbox_ids) s;
        return;
    end if;
    for i in
        select * from unnest(p_outbox_ids, p_outbox_ids::uuid[], p_attempts, p_outcomes,
                             p_provider_ids, p_retry_after_ms, p_error_codes, p_error_texts,
                             p_is_unknown, p_reason_codes, p_advice, p_next_after_ms)
                          w(outbox_id, id, attempt, outcome, provider_id, retry_after_ms, error_code,
                            error_text, is_unknown, reason_code, advice, next_after_ms)
    loop
        outbox_id := i.outbox_id;
        was_recorded := coalesce(i.id = any (v_sent), false);
        has_next := i.outbox_id = any (v_next);
        if not was_recorded then
            select r.was_recorded, r.has_next into was_recorded, has_next
              from record_send_outcome(p_tenant, i.id, i.attempt, i.outcome, i.provider_id,
                                       i.retry_after_ms, i.error_code, i.error_text, i.is_unknown,
                                       i.reason_code, i.advice, i.next_after_ms) r;
        end if;
        return next;
    end loop;
end
$$;
