-- Text as people type it in a hurry: lower case, no accents, Arabic letters without their variants.
create or replace function plain_text(p_text text) returns text
language sql stable as $$
    select translate(unaccent(lower(p_text)), 'أإآةىًٌٍَُِّْـ', 'اااهي')
$$;
