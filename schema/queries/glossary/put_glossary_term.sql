-- Without a translation the term is taken away.
-- rpc: put_glossary_term
-- result: none
-- budget_ms: 100
with gone as (
    delete from glossary_terms
     where tenant_id = :tenant and from_language = :from_language and to_language = :to_language
       and term = :term and :translation = ''
)
insert into glossary_terms as g (tenant_id, from_language, to_language, term, translation)
select :tenant, :from_language, :to_language, :term, :translation
 where :translation <> ''
on conflict (tenant_id, from_language, to_language, term) do update
   set translation = excluded.translation, updated_at = now()
