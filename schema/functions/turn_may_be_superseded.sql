-- May the open turn's answer be dropped for one that knows the customer's newer messages? Not too often,
-- not beyond the turn's deadline, and never when the turn has done something that its answer must tell.
create or replace function turn_may_be_superseded(p_conversation conversations) returns boolean
language plpgsql stable as $$
begin
    return p_conversation.superseded_count < replans_max()
       and clock_timestamp() < p_conversation.turn_started_at + coalesce(
               (select t.answer_ms from tenants t where t.tenant_id = p_conversation.tenant_id),
               60000) * interval '1 ms'
       and not turn_has_receipt(p_conversation.tenant_id, p_conversation.turn_id);
end
$$;
