-- When the customer of a conversation wrote last, by the channel's clock where it says so; null: never. What
-- is no message (reactions, system notes) does not count.
create or replace function last_customer_at(p_tenant text, p_conversation uuid)
returns timestamptz language plpgsql stable as $$
begin
    return (select max(l.at) from (
                (select coalesce(i.sent_at, i.received_at) as at from inbox i
                  where i.tenant_id = p_tenant and i.conversation_id = p_conversation
                    and i.turn_id is null and i.starts_turn
                  order by i.inbox_seq desc limit 1)
                union all
                (select coalesce(i.sent_at, i.received_at) from inbox i
                  where i.tenant_id = p_tenant and i.conversation_id = p_conversation
                    and i.turn_id is not null
                  order by i.inbox_seq desc limit 1)) l);
end
$$;
