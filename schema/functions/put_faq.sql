-- Writes a question and its answer, with what search_faq needs to find it.
create or replace function put_faq(
    p_tenant text, p_language text, p_faq text, p_question text, p_answer text, p_keywords text,
    p_source text)
returns void language plpgsql as $$
begin
    insert into faqs as f (tenant_id, language, faq_id, question, answer, keywords, source,
                           question_plain, question_words, answer_words)
    values (p_tenant, p_language, p_faq, p_question, p_answer, p_keywords, p_source,
            plain_text(p_question), words_of(p_language, p_question || ' ' || p_keywords),
            words_of(p_language, p_answer))
    on conflict (tenant_id, language, faq_id) do update
       set question = excluded.question, answer = excluded.answer, keywords = excluded.keywords,
           source = excluded.source, question_plain = excluded.question_plain,
           question_words = excluded.question_words, answer_words = excluded.answer_words,
           updated_at = now();
end
$$;
