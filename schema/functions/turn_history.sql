-- The last 10 lines of a conversation before what is pending, oldest first, as JSON (HistoryLine).
-- A message that reached nobody was not said.
-- A hand-back is a line of the author `system`. What has no text is named by its type.
create or replace function turn_history(p_tenant text, p_conversation uuid) returns json
language plpgsql stable as $$
declare
    v_result json;
begin
    select json_agg(json_build_object('author', l.author, 'text',
                                      coalesce(nullif(l.content->>'text', ''),
                                               '[' || l.type || ']'),
                                      'at_ms', (extract(epoch from l.at) * 1000)::bigint)
                    order by l.at, l.rank, l.seq)
      into v_result
      from (select * from (
                (select 'customer' as author, 0 as rank, i.inbox_seq as seq, i.received_at as at,
                        i.type, i.content
                   from inbox i
                  where i.tenant_id = p_tenant and i.conversation_id = p_conversation
                    and i.turn_id is not null
                  order by i.inbox_seq desc limit 10)
                union all
                (select o.author, 1, o.seq, o.created_at, 'text',
                        json_build_object('text', content_text(o.content))
                   from outbox o
                  where o.tenant_id collate "POSIX" = p_tenant
                    and o.conversation_id = p_conversation and o.state not in ('failed', 'refused', 'parked', 'merged', 'superseded')
                  order by o.seq desc limit 10)
                union all
                (select 'system', 2, b.owner_fence, b.changed_at, 'text',
                        json_build_object('text', format(
                            'A colleague had this conversation from %s to %s (UTC).',
                            to_char(p.changed_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI'),
                            to_char(b.changed_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI')))
                   from owner_changes b
                   join owner_changes p on p.tenant_id = b.tenant_id
                                       and p.conversation_id = b.conversation_id
                                       and p.owner_fence = b.owner_fence - 1
                  where b.tenant_id = p_tenant and b.conversation_id = p_conversation
                    and b.owner = 'bot' and p.owner = 'person'
                  order by b.owner_fence desc limit 10)) sides
             order by at desc, rank desc, seq desc limit 10) l;
    return v_result;
end
$$;
