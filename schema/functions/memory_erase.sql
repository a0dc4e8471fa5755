-- Forgets what is remembered of a contact: the facts, and the summaries of all their conversations. What
-- was said until now is remembered no more: a summary that is being made from it finds another version.
-- What tools were given and gave back goes too (tools_erase).
create or replace function memory_erase(
    p_tenant text, p_contact uuid, p_by text,
    out facts_count integer, out conversations_count integer)
language plpgsql as $$
begin
    perform from contacts k where k.tenant_id = p_tenant and k.contact_id = p_contact;
    if not found then
        raise exception 'no such contact' using errcode = 'P4003';
    end if;
    insert into conversation_summaries as s (tenant_id, conversation_id, version, summary, inbox_seq,
                                             outbox_seq, erased_inbox_seq, erased_at, erased_by)
    select k.tenant_id, k.conversation_id, 1, '', said.inbox_seq, k.next_seq - 1, said.inbox_seq, now(), p_by
      from conversations k,
           lateral (select coalesce(max(i.inbox_seq), 0) as inbox_seq from inbox i
                     where i.tenant_id = k.tenant_id and i.conversation_id = k.conversation_id) said
     where k.tenant_id collate "POSIX" = p_tenant and k.contact_id = p_contact
     order by k.conversation_id
    on conflict on constraint conversation_summaries_pkey do update
       set version = s.version + 1, summary = '', model = '', summarised_at = now(),
           inbox_seq = greatest(s.inbox_seq, excluded.inbox_seq),
           outbox_seq = greatest(s.outbox_seq, excluded.outbox_seq),
           erased_inbox_seq = excluded.erased_inbox_seq, erased_at = excluded.erased_at,
           erased_by = excluded.erased_by;
    get diagnostics conversations_count = row_count;
    perform tools_erase(p_tenant, p_contact);
    delete from contact_facts f where f.tenant_id = p_tenant and f.contact_id = p_contact;
    get diagnostics facts_count = row_count;
end
$$;
