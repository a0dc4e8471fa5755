-- Does an OutboundContent hold a file? The channel loads it, so what is sent behind it may arrive first.
-- Every status of a text asks: its link is looked for before JSON is parsed (a fifth of the time).
create or replace function content_is_media(p_content json) returns boolean
language sql immutable parallel safe as $$
    select strpos(p_content::text, '"media_url"') > 0
           and p_content ->> 'type' in ('image', 'audio', 'video', 'document')
$$;
