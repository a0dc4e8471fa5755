-- The products of a tenant nearest to a text (an id, a name, or a sentence with one in it), best first,
-- each by its best name in any language. The score (0 to 1): 1 for the id or a name itself; else how much
-- of a name is in the text, how much of the text is in a name, and how alike the spelling is. The Arabic
-- article is no part of a word.
create or replace function find_products(p_tenant text, p_text text)
returns table (product_id text, score double precision)
language plpgsql stable as $$
declare
    v_asked text := left(trim(p_text), 1000);
    v_text text := regexp_replace(v_asked, '(^|\s)[وبل]?ال(\S{3,})', '\1\2', 'g');
    v_plain text := plain_text(v_text);
begin
    return query
    select p.product_id, max(case when p.product_id = v_asked
                     or n.name_plain in (v_plain, plain_text(v_asked)) then 1.0
               else least(0.99, 0.5 * greatest(share_of(n.name_words, q.words),
                                               case when q.words && n.keyword_words
                                                    then 0.6 else 0 end)
                                + 0.2 * share_of(q.words, n.name_words || n.keyword_words)
                                + 0.3 * greatest(word_similarity(n.name_plain, v_plain),
                                                 similarity(n.name_plain, v_plain))) end) as best
      from (select l.language, words_of(l.language, v_text) as words
              from (select distinct k.language from product_names k
                     where k.tenant_id = p_tenant) l) q
      join product_names n on n.tenant_id = p_tenant and n.language = q.language
      join products p on p.tenant_id = n.tenant_id and p.product_id = n.product_id and p.is_enabled
     group by p.tenant_id, p.product_id
     order by best desc, p.position, p.product_id;
end
$$;
