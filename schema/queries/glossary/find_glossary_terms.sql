-- What of it stands in a text; the longest first.
-- rpc: find_glossary_terms
-- result: many terms
-- budget_ms: 100
select f.term, f.translation, f.from_language, f.to_language
  from (select g.term, g.translation, g.from_language, g.to_language
          from glossary_terms g
         where g.tenant_id = :tenant
           and (g.from_language, g.to_language) in ((:from_language, :to_language), ('', ''))
        union
        select g.translation, g.term, g.to_language, g.from_language
          from glossary_terms g
         where g.tenant_id = :tenant
           and g.from_language = :to_language and g.to_language = :from_language
           and g.from_language <> '') f
 where position(lower(f.term) in lower(:text)) > 0
 order by length(f.term) desc, f.term
 limit 50
