-- The person of this conversation wants no more messages, or wants them again, on all channels;
-- true when that is new.
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
    update conversations k set is_opted_out = p_is_opted_out
     where k.tenant_id collate "POSIX" = p_tenant and k.contact_id = v_contact
       and k.is_opted_out <> p_is_opted_out;
    return found;
end
$$;
