-- Writes a summary over the version it was made from, and the facts that came with it; false, and nothing
-- written, when another one was faster or the memory was erased meanwhile. The same again is written.
-- A fact needs its message: one of this conversation, answered, not erased. Of each type the newest stay.
create or replace function memory_put(
    p_tenant text, p_conversation uuid, p_version bigint, p_summary text, p_inbox_seq bigint,
    p_outbox_seq bigint, p_model text, p_types text[], p_values text[], p_sources bigint[],
    p_confidences bigint[], p_keep_days bigint[], p_max_counts bigint[],
    out was_written boolean, out version bigint)
language plpgsql as $$
declare
    v_contact uuid;
    s conversation_summaries;
begin
    select k.contact_id into v_contact from conversations k
     where k.tenant_id = p_tenant and k.conversation_id = p_conversation;
    if not found then
        raise exception 'no such conversation' using errcode = 'P4003';
    end if;
    insert into conversation_summaries as k (tenant_id, conversation_id, version, summary, inbox_seq,
                                             outbox_seq)
    values (p_tenant, p_conversation, 0, '', 0, 0)
    on conflict on constraint conversation_summaries_pkey do update set version = k.version -- holds it
    returning * into s;
    was_written := s.version = p_version
                   or (s.version = p_version + 1 and s.summary = p_summary
                       and s.inbox_seq = p_inbox_seq and s.outbox_seq = p_outbox_seq);
    version := s.version;
    if s.version <> p_version then
        return;
    end if;
    version := p_version + 1;
    update conversation_summaries k
       set version = p_version + 1, summary = p_summary, model = p_model, summarised_at = now(),
           inbox_seq = greatest(k.inbox_seq, p_inbox_seq),
           outbox_seq = greatest(k.outbox_seq, p_outbox_seq)
     where k.tenant_id = p_tenant and k.conversation_id = p_conversation;

    insert into contact_facts as f (tenant_id, contact_id, type, value, conversation_id, source_inbox_seq,
                                    source_id, confidence_pct, model, expires_at)
    select distinct on (n.type, lower(n.value)) p_tenant, v_contact, n.type, n.value, p_conversation,
           n.source, i.external_id, n.confidence, p_model, now() + n.keep_days * interval '1 day'
      from unnest(p_types, p_values, p_sources, p_confidences, p_keep_days)
               n(type, value, source, confidence, keep_days)
      join inbox i on i.tenant_id = p_tenant and i.conversation_id = p_conversation
                  and i.inbox_seq = n.source and i.turn_id is not null
     where n.source > s.erased_inbox_seq
     order by n.type, lower(n.value), n.source desc
    on conflict on constraint contact_facts_pkey do update
       set value = excluded.value, conversation_id = excluded.conversation_id,
           source_inbox_seq = excluded.source_inbox_seq, source_id = excluded.source_id,
           confidence_pct = excluded.confidence_pct, model = excluded.model,
           created_at = excluded.created_at, expires_at = excluded.expires_at
     where excluded.source_inbox_seq > f.source_inbox_seq;
    delete from contact_facts f
     using (select o.type, o.value_key, row_number() over (partition by o.type
                       order by o.source_inbox_seq desc, o.value_key) as place
              from contact_facts o
             where o.tenant_id = p_tenant and o.contact_id = v_contact) r
     where f.tenant_id = p_tenant and f.contact_id = v_contact and f.type = r.type
       and f.value_key = r.value_key
       and r.place > (select min(m.max_count) from unnest(p_types, p_max_counts) m(type, max_count)
                       where m.type = r.type);
end
$$;
