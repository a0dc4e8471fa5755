-- A person is wanted. In a turn (p_turn) the conversation stays the bot's until its turn ends, so that it can
-- still say goodbye: the receipt obliges whoever answers to end it with HUMAN_HANDOFF, and the alert is there
-- whatever becomes of it. Outside a turn nobody answers from now on until a person takes it.
create or replace function escalate(
    p_tenant text, p_key text, p_conversation uuid, p_reason text, p_turn uuid, p_step text,
    out conversation_id uuid, out is_handed_over boolean)
language plpgsql as $$
declare
    v_hash bytea := request_hash('escalate', p_conversation::text, p_reason);
    v_done json := turn_step_done(p_tenant, p_turn, p_step, v_hash);
    c conversations;
begin
    conversation_id := p_conversation;
    is_handed_over := false;
    if v_done is not null then
        return;
    end if;
    select * into c from conversations k
     where k.tenant_id = p_tenant and k.conversation_id = p_conversation
       for no key update;
    if not found then
        raise exception 'no such conversation' using errcode = 'P4003';
    end if;
    is_handed_over := p_turn is null and c.turn_id is null;
    if is_handed_over and c.owner = 'bot' then
        perform change_owner(c, 'nobody', 'tool', p_reason);
    end if;
    perform alert_once(c, 'handoff', p_reason);
    perform turn_step_receipt(p_tenant, p_conversation, p_turn, p_step, v_hash,
                              json_build_object('conversation_id', p_conversation,
                                                'decision', 'HUMAN_HANDOFF', 'reason', p_reason));
end
$$;
