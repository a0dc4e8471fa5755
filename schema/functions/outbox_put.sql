-- Queues messages of one author (bot, person) behind what the conversation still has to send. The caller
-- holds the conversation's row, so that seq has no gaps, and raises next_seq by the count that is
-- returned.
create or replace function outbox_put(
    p_conversation conversations, p_turn uuid, p_author text, p_owner_fence bigint,
    p_outbox_ids uuid[], p_contents json[])
returns integer language plpgsql as $$
declare
    v_count integer := cardinality(p_outbox_ids);
begin
    if v_count = 0 then
        return 0;
    end if;
    insert into outbox (tenant_id, outbox_id, conversation_id, seq, turn_id, author,
                        channel, channel_account_id, owner_fence, content)
    select p_conversation.tenant_id, e.outbox_id, p_conversation.conversation_id,
           p_conversation.next_seq + e.position - 1, p_turn, p_author,
           p_conversation.channel, p_conversation.channel_account_id, p_owner_fence, e.content
      from unnest(p_outbox_ids, p_contents) with ordinality e(outbox_id, content, position);
    insert into outbox_queue as q (tenant_id, conversation_id, head_seq, last_seq, due_at)
    values (p_conversation.tenant_id, p_conversation.conversation_id, p_conversation.next_seq,
            p_conversation.next_seq + v_count - 1, clock_timestamp())
    on conflict (tenant_id, conversation_id) do update set last_seq = excluded.last_seq;
    return v_count;
end
$$;
