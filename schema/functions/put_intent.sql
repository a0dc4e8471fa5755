-- INTENT (promises.md D5): the channel is asked as soon as this has committed, and not before. Counts
-- the attempt. One statement for many, as they are claimed together.
--   send     the caller may ask the channel; the same holder asking again hears it again
--   later    the customer has written again since the turn that it begins (turn_unsent): turn_begin takes it
--            back, or its deadline comes
--   refused  the bot wrote it, and the conversation is somebody else's by now
--   lost     somebody else had it meanwhile, or it is settled; or the holder is taken for dead
-- The queue's row is held from before the fence is looked at: change_owner waits for it.
create or replace function put_intent(
    p_holder text, p_tenants text[], p_conversations text[], p_outbox_ids text[],
    p_attempts bigint[])
returns table (outbox_id text, verdict text)
language plpgsql rows 10 as $$
declare
    i record;
    o outbox;
    v_fence bigint;
    v_has_newer boolean;
    v_is_alive boolean := holder_is_alive(p_holder);
    v_sent uuid[] := '{}';
begin
    -- The usual ones at once: to start a statement costs more than what it does for one message.
    if v_is_alive then
        perform 1
           from (select * from unnest(p_tenants, p_conversations::uuid[]) w(tenant, conversation)
                  order by w.tenant, w.conversation) w
          cross join lateral (select from outbox_queue q
                               where q.tenant_id = w.tenant and q.conversation_id = w.conversation
                                 for update) q;
        for outbox_id in
            with found as materialized ( -- from the claims to the messages, whatever the statistics say
                select k.ctid, w.attempt
                  from unnest(p_tenants, p_conversations::uuid[], p_outbox_ids::uuid[], p_attempts)
                           w(tenant, conversation, outbox, attempt)
                 cross join lateral (select m.ctid, m.author, m.owner_fence from outbox m
                                      where m.tenant_id = w.tenant and m.outbox_id = w.outbox
                                      offset 0) k
                 cross join lateral (select h.owner_fence from conversations h
                                      where h.tenant_id = w.tenant
                                        and h.conversation_id = w.conversation offset 0) c
                 where (k.author <> 'bot' or k.owner_fence = c.owner_fence)
                   and not exists (select from inbox n
                                    where n.tenant_id = w.tenant
                                      and n.conversation_id = w.conversation
                                      and n.turn_id is null and n.starts_turn offset 0))
            update outbox k set state = 'sending', attempt = f.attempt, claimed_by = p_holder
              from found f
             where k.ctid = f.ctid and k.state = 'queued' and k.attempt = f.attempt - 1
            returning k.outbox_id
        loop
            verdict := 'send';
            v_sent := v_sent || outbox_id::uuid;
            return next;
        end loop;
    end if;
    for i in
        select * from unnest(p_tenants, p_conversations::uuid[], p_outbox_ids::uuid[], p_attempts)
                          w(tenant, conversation, outbox, attempt)
         where w.outbox <> all (v_sent)
    loop
        outbox_id := i.outbox;
        verdict := 'lost';
        if not v_is_alive then
            return next;
            continue;
        end if;
        perform 1 from outbox_queue q
          where q.tenant_id = i.tenant and q.conversation_id = i.conversation
            for update;
        select k.owner_fence, exists (
                   select from inbox n
                    where n.tenant_id = i.tenant and n.conversation_id = i.conversation
                      and n.turn_id is null and n.starts_turn)
          into v_fence, v_has_newer
          from conversations k
         where k.tenant_id = i.tenant and k.conversation_id = i.conversation;
        if v_has_newer then
            select k.* into o from outbox k
              join turn_unsent(i.tenant, i.conversation) t on t.turn_id = k.turn_id
             where k.tenant_id = i.tenant and k.outbox_id = i.outbox;
            if found then
                perform outbox_settle(i.tenant, i.conversation, o.seq, 1000);
                verdict := 'later';
                return next;
                continue;
            end if;
        end if;
        update outbox k set state = 'sending', attempt = i.attempt, claimed_by = p_holder
         where k.tenant_id = i.tenant and k.outbox_id = i.outbox and k.state = 'queued'
           and k.attempt = i.attempt - 1 and (k.author <> 'bot' or k.owner_fence = v_fence);
        if found then
            verdict := 'send';
        else
            select * into o from outbox k
             where k.tenant_id = i.tenant and k.outbox_id = i.outbox;
            if o.state = 'sending' and o.attempt = i.attempt and o.claimed_by = p_holder then
                verdict := 'send';
            elsif o.state = 'queued' and o.attempt = i.attempt - 1 then
                perform outbox_refuse(o);
                verdict := 'refused';
            end if;
        end if;
        return next;
    end loop;
end
$$;
