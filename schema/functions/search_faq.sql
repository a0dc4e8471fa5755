-- The questions of a tenant nearest to a text, best first. Only those in p_language, when there are
-- any, else all. The score (0 to 1) is which part of the text's words are in the question or its
-- keywords, a little of those in the answer, and how alike the spelling is: typing errors count
-- less than other words.
create or replace function search_faq(
    p_tenant text, p_text text, p_language text, p_max_rows bigint)
returns table (faq_id text, question text, answer text, language text, source text,
               score double precision)
language plpgsql stable as $$
declare
    v_plain text := plain_text(left(p_text, 1000));
    v_language text := '';
begin
    if exists (select from faqs f where f.tenant_id = p_tenant and f.language = p_language
                  and f.is_enabled) then
        v_language := p_language;
    end if;
    return query
    select f.faq_id, f.question, f.answer, f.language, f.source, s.score
      from (select l.language, words_of(l.language, left(p_text, 1000)) as words
              from (select distinct k.language from faqs k
                     where k.tenant_id = p_tenant
                       and (v_language = '' or k.language = v_language)) l) q
      join faqs f on f.tenant_id = p_tenant and f.language = q.language and f.is_enabled
     cross join lateral (
           select least(1.0, 0.55 * share_of(q.words, f.question_words)
                           + 0.10 * share_of(q.words, f.answer_words)
                           + 0.45 * greatest(similarity(v_plain, f.question_plain),
                                             0.8 * word_similarity(v_plain, f.question_plain)))
                  as score) s
     where (q.words && f.question_words or q.words && f.answer_words
            or similarity(v_plain, f.question_plain) > 0.3)
       and s.score >= 0.1
     order by s.score desc, f.faq_id
     limit p_max_rows;
end
$$;
