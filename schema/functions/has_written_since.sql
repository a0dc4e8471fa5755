-- Has the customer of a conversation written since then, by the clock of the database? What is no message
-- (reactions, system notes) does not count.
create or replace function has_written_since(
    p_tenant text, p_conversation uuid, p_since timestamptz)
returns boolean language plpgsql stable as $$
begin
    return exists (select from (
                (select i.received_at from inbox i
                  where i.tenant_id = p_tenant and i.conversation_id = p_conversation
                    and i.turn_id is null and i.starts_turn
                  order by i.inbox_seq desc limit 1)
                union all
                (select i.received_at from inbox i
                  where i.tenant_id = p_tenant and i.conversation_id = p_conversation
                    and i.turn_id is not null
                  order by i.inbox_seq desc limit 1)) l
             where l.received_at > p_since);
end
$$;
