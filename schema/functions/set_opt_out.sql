-- The person of this conversation wants no unasked messages from now on, or wants them again, on all
-- channels; false when they wanted them anyway.
create or replace function set_opt_out(
    p_tenant text, p_conversation uuid, p_is_opted_out boolean)
returns boolean language plpgsql as $$
declare
    v_contact uuid;
begin
    select k.contact_id into v_contact from conversations k
     where k.tenant_id = p_tenant and k.conversation_id = p_conversation;
    update contacts k
       set opted_out_at = case when p_is_opted_out then coalesce(k.opted_out_at, now()) end,
           updated_at = now()
     where k.tenant_id = p_tenant and k.contact_id = v_contact;
    update conversations k set opted_out_at = case when p_is_opted_out then clock_timestamp() end
     where k.tenant_id collate "POSIX" = p_tenant and k.contact_id = v_contact
       and (p_is_opted_out or k.opted_out_at is not null);
    return found;
end
$$;
