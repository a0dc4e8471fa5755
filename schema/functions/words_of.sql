-- The words of a text that carry meaning, reduced by the dictionary of its language, each also
-- without accents. PostgreSQL has no Polish dictionary: there it is the first five letters of words
-- of at least four, which does for short questions.
create or replace function words_of(p_language text, p_text text) returns text[]
language plpgsql stable as $$
declare
    v_config regconfig;
begin
    v_config := case p_language
        when 'fr' then 'french' when 'en' then 'english' when 'es' then 'spanish'
        when 'pt' then 'portuguese' when 'de' then 'german' when 'it' then 'italian'
        when 'ro' then 'romanian' when 'ar' then 'arabic' end;
    if v_config is null then
        return (select coalesce(array_agg(distinct left(w.word, 5)), '{}')
                  from unnest(tsvector_to_array(to_tsvector('simple', plain_text(p_text)))) w(word)
                 where length(w.word) >= 4);
    end if;
    return tsvector_to_array(to_tsvector(v_config, lower(p_text))
                             || to_tsvector(v_config, plain_text(p_text)));
end
$$;
