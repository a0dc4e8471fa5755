-- Records a step of a turn, and gives what was recorded first. The same key with another request is an
-- error (P4008, STEP_MISMATCH). A new step is recorded only while its turn is open: whoever lost the
-- lease, and is slow to hear of it, leaves nothing behind in a turn that somebody else has ended (P4002,
-- LEASE_LOST; I6). The conversation is held until then, so that it does not end in between. Always
-- writes (T2).
create or replace function turn_step_put(
    p_tenant text, p_conversation uuid, p_turn uuid, p_step text, p_kind text, p_hash bytea,
    p_result bytea)
returns bytea language plpgsql as $$
declare
    v_hash bytea;
    v_result bytea;
    v_is_new boolean;
begin
    insert into turn_steps as s (tenant_id, conversation_id, turn_id, step_key, kind, request_hash,
                                 result)
    values (p_tenant, p_conversation, p_turn, p_step, p_kind, p_hash, p_result)
    on conflict (tenant_id, turn_id, step_key) do update set kind = s.kind
    returning s.request_hash, s.result, s.xmax = 0 into v_hash, v_result, v_is_new;
    if v_hash <> p_hash then
        raise exception 'step % of turn % was recorded with another request', p_step, p_turn
            using errcode = 'P4008';
    end if;
    if v_is_new then
        perform from conversations k
          where k.tenant_id = p_tenant and k.conversation_id = p_conversation and k.turn_id = p_turn
            for share;
        if not found then
            raise exception 'turn % is over', p_turn using errcode = 'P4002';
        end if;
    end if;
    return v_result;
end
$$;
