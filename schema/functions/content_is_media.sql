-- Does an OutboundContent hold a file? The channel loads it, so what is sent behind it may arrive first.
create or replace function content_is_media(p_content json) returns boolean
language sql immutable parallel safe as $$
    select p_content ->> 'type' in ('image', 'audio', 'video', 'document')
$$;
