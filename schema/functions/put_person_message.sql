-- What a person answers a customer, into the outbox behind what waits there; takes the conversation over
-- if it belongs to anybody else. p_type: text, or media by its link (content_is_media), with p_text as its
-- caption. The same key with the same message again is the message that is there already; with another
-- one it is refused (R-9).
drop function if exists put_person_message; -- it had fewer parameters
create or replace function put_person_message(
    p_tenant text, p_conversation uuid, p_key text, p_text text, p_by text,
    p_type text default 'text', p_media_url text default '', p_file_name text default '',
    out outbox_id text, out seq bigint, out was_new boolean, out was_taken_over boolean)
language plpgsql as $$
declare
    c conversations;
    o outbox;
    v_outbox uuid := md5(p_tenant || '/' || p_conversation::text || '/' || p_key)::uuid;
    v_type text := coalesce(nullif(p_type, ''), 'text');
    v_content json := json_build_object('type', v_type, 'text', p_text);
    v_fence bigint;
begin
    if v_type <> 'text' then
        v_content := json_build_object('type', v_type, 'text', p_text, 'media_url', p_media_url,
                                       'file_name', p_file_name);
        if not content_is_media(v_content) then
            raise exception 'type is none of text, image, audio, video, document' using errcode = '22023';
        end if;
    end if;
    if (v_type <> 'text') <> (p_media_url <> '') then
        raise exception 'media_url is for media, which needs it' using errcode = '22023';
    elsif v_type = 'text' and p_text = '' then
        raise exception 'text is missing' using errcode = '22023';
    end if;
    select * into c from conversations k
     where k.tenant_id = p_tenant and k.conversation_id = p_conversation
       for no key update;
    if not found then
        raise exception 'no such conversation' using errcode = 'P4003';
    end if;
    select * into o from outbox k where k.tenant_id = p_tenant and k.outbox_id = v_outbox;
    if found and o.content::text <> v_content::text then
        raise exception 'this idempotency key was used for another message' using errcode = 'P4004';
    end if;
    was_new := o.outbox_id is null;
    was_taken_over := was_new and c.owner <> 'person';
    if was_new then
        v_fence := case when was_taken_over then change_owner(c, 'person', p_by, 'wrote a message')
                        else c.owner_fence end;
        perform outbox_put(c, null, 'person', v_fence, array[v_outbox], array[v_content]);
        update conversations k set next_seq = c.next_seq + 1
         where k.tenant_id = p_tenant and k.conversation_id = p_conversation;
    end if;
    outbox_id := v_outbox::text;
    seq := coalesce(o.seq, c.next_seq);
end
$$;
