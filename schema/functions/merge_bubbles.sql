-- The head waits because this customer gets too many messages in a short time: texts of the same turn that
-- stand right behind it go with it, as one message, as far as p_max_chars allow. They end as `merged`.
create or replace function merge_bubbles(o outbox, p_max_chars integer) returns void
language plpgsql as $$
declare
    v_next outbox;
    v_text text := o.content->>'text';
    v_merged uuid[] := '{}';
begin
    if o.content->>'type' <> 'text' or o.turn_id is null or o.attempt > 0 then
        return;
    end if;
    for v_next in
        select * from outbox k
         where k.tenant_id collate "POSIX" = o.tenant_id and k.conversation_id = o.conversation_id
           and k.seq > o.seq
         order by k.seq limit 15
           for no key update
    loop
        exit when v_next.turn_id is distinct from o.turn_id or v_next.state <> 'queued'
                  or v_next.attempt > 0 or v_next.content->>'type' <> 'text'
                  or length(v_text) + 2 + length(v_next.content->>'text') > p_max_chars;
        v_text := v_text || E'\n\n' || (v_next.content->>'text');
        v_merged := v_merged || v_next.outbox_id;
    end loop;
    if cardinality(v_merged) > 0 then
        update outbox k set state = 'merged', error_text = 'went out with ' || o.outbox_id
         where k.tenant_id = o.tenant_id and k.outbox_id = any (v_merged);
        update outbox k set content = json_build_object('type', 'text', 'text', v_text)
         where k.tenant_id = o.tenant_id and k.outbox_id = o.outbox_id;
    end if;
end
$$;
