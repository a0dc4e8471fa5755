-- An OutboundContent as people and models read it: its text; of media "[image] caption".
create or replace function content_text(p_content json) returns text
language sql immutable parallel safe as $$
    select case when content_is_media(p_content)
                then rtrim('[' || (p_content ->> 'type') || '] ' || coalesce(p_content ->> 'text', ''))
                else coalesce(p_content ->> 'text', '') end
$$;
