-- What a turn of the agent must know about tools, in one look: who it acts for, the rules, the values
-- that may be given, and the approvals that this turn hears of. An approval that was decided is heard by
-- one turn, and by the next one if that turn never ends or its messages went into another; approvals of
-- a turn that was replaced are withdrawn. past: what those turns did already, oldest first.
create or replace function tool_turn(
    p_tenant text, p_conversation uuid, p_turn uuid,
    out contact_id text, out role text, out rules json, out known_values json, out addresses json,
    out approvals json, out past json)
language plpgsql as $$
declare
    v_contact uuid;
    v_turns uuid[];
begin
    select k.contact_id into v_contact from conversations k
     where k.tenant_id = p_tenant and k.conversation_id = p_conversation;
    contact_id := coalesce(v_contact::text, '');
    select coalesce(nullif(c.profile ->> 'role', ''), 'customer') into role from contacts c
     where c.tenant_id = p_tenant and c.contact_id = v_contact;
    role := coalesce(role, 'customer');
    select coalesce(json_agg(json_build_object(
               'tool', r.tool, 'flow', r.flow, 'role', r.role, 'contact_id', r.contact_id,
               'decision', r.decision, 'turn_max_count', r.turn_max_count,
               'contact_day_max_count', r.contact_day_max_count,
               'tenant_day_max_count', r.tenant_day_max_count)), '[]')
      into rules
      from (select * from tool_policies p
             where p.tenant_id = p_tenant and p.contact_id in ('', v_contact::text)
             order by p.contact_id desc, p.tool limit 256) r;
    select coalesce(json_agg(json_build_object('kind', v.kind, 'value', v.value)), '[]') into known_values
      from (select * from tool_values w where w.tenant_id = p_tenant
             order by w.kind, w.value limit 512) v;
    select coalesce(json_agg(json_build_object('address', a.address)), '[]') into addresses
      from (select * from contact_addresses d
             where d.tenant_id = p_tenant and d.contact_id = v_contact
             order by d.address limit 32) a;

    update tool_approvals a
       set state = 'withdrawn', decided_at = coalesce(a.decided_at, now()), is_woken = true
     where a.tenant_id = p_tenant and a.conversation_id = p_conversation
       and a.state in ('pending', 'approved', 'denied', 'expired') and a.turn_id <> p_turn
       and not exists (select from turns t
                        where t.tenant_id = p_tenant and t.conversation_id = p_conversation
                          and t.turn_id = a.turn_id);
    update tool_approvals a
       set heard_turn_id = p_turn, is_woken = true,
           state = case a.state when 'pending' then 'expired' else a.state end,
           decided_at = coalesce(a.decided_at, now())
     where a.tenant_id = p_tenant and a.conversation_id = p_conversation
       and (a.state in ('approved', 'denied', 'expired', 'used', 'done')
            or (a.state = 'pending' and a.expires_at <= now()))
       and (a.heard_turn_id is null or a.heard_turn_id = p_turn
            or not exists (select from turns t
                            where t.tenant_id = p_tenant and t.conversation_id = p_conversation
                              and t.turn_id = a.heard_turn_id and t.superseded_at is null));
    perform tool_approval_settle_alert(p_tenant, p_conversation);
    select coalesce(json_agg(json_build_object(
               'approval_id', h.approval_id, 'tool', h.tool, 'arguments', h.arguments,
               'card_hash', h.card_hash, 'state', h.state, 'note', h.note) order by h.approval_id), '[]'),
           array_agg(h.turn_id) || array_agg(h.heard_turn_id)
      into approvals, v_turns
      from (select * from tool_approvals a
             where a.tenant_id = p_tenant and a.conversation_id = p_conversation
               and (a.heard_turn_id = p_turn or a.state = 'pending')
             order by a.approval_id limit 16) h;
    select coalesce(json_agg(json_build_object(
               'tool', e.tool, 'arguments', e.arguments, 'result', e.result,
               'outcome', e.outcome) order by e.started_at), '[]')
      into past
      from (select * from tool_executions x
             where x.tenant_id = p_tenant and x.turn_id = any (v_turns) and x.turn_id <> p_turn
               and x.conversation_id = p_conversation
               and x.outcome in ('ok', 'error', 'failed', 'started') and x.approval_id is null
             order by x.started_at limit 16) e;
end
$$;
