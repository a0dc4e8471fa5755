-- The newest conversation of the person with this address; null when there is none.
create or replace function find_conversation(p_tenant text, p_address text) returns uuid
language plpgsql stable as $$
begin
    return (select c.conversation_id
              from contact_addresses a
              join conversations c on c.tenant_id collate "POSIX" = a.tenant_id
                                  and c.contact_id = a.contact_id and c.channel = a.channel
             where a.tenant_id = p_tenant and a.address = p_address and p_address <> ''
             order by c.last_activity_at desc nulls last, c.created_at desc limit 1);
end
$$;
