-- The conversation's last turn, if its answer may still be taken back for one that knows what the customer
-- wrote since: its channel was asked for none of its messages, and it may be superseded by the rules that
-- hold at its commit (turn_may_be_superseded). A row of nulls otherwise: also when it hands over,
-- waits or opts somebody out, because others know of that already, and for `parley chat`, which shows messages without an INTENT.
create or replace function turn_unsent(p_tenant text, p_conversation uuid) returns turns
language plpgsql stable as $$
declare
    t turns;
begin
    select * into t from turns k
     where k.tenant_id = p_tenant and k.conversation_id = p_conversation
     order by k.fence desc limit 1;
    if t.decision = 'RESPOND' and t.path <> 'opt' and t.outbox_count > 0 and t.superseded_at is null
       and t.superseded_count < replans_max()
       and clock_timestamp() < turn_start_of(t) + coalesce(
               (select n.answer_ms from tenants n where n.tenant_id = p_tenant), 60000)
               * interval '1 ms'
       and not turn_has_receipt(p_tenant, t.turn_id)
       and t.outbox_count = (
           select count(*) from outbox_queue q
             join outbox o on o.tenant_id collate "POSIX" = q.tenant_id
                          and o.conversation_id = q.conversation_id
                          and o.seq between q.head_seq and q.last_seq
             join conversations c on c.tenant_id = q.tenant_id
                                 and c.conversation_id = q.conversation_id
            where q.tenant_id = p_tenant and q.conversation_id = p_conversation
              and o.turn_id = t.turn_id and o.state = 'queued' and o.attempt = 0
              and o.author = 'bot' and o.owner_fence = c.owner_fence
              and o.channel <> 'console' and c.flow_state_before is not null) then
        return t;
    end if;
    return null;
end
$$;
