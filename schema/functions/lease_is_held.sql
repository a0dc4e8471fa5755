-- Is this still the lease of the conversation (I6)? For whatever a turn writes before its commit. The row is
-- held until the end of the transaction, so that nobody takes the lease over in between.
create or replace function lease_is_held(p_tenant text, p_conversation uuid, p_fence bigint)
returns boolean language plpgsql as $$
begin
    perform from conversations k
      where k.tenant_id = p_tenant and k.conversation_id = p_conversation
        and k.lease_fence = p_fence and k.lease_holder <> ''
        for share;
    return found;
end
$$;
