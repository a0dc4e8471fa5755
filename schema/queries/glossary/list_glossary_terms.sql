-- rpc: list_glossary_terms
-- result: many terms
-- budget_ms: 100
select g.term, g.translation, g.from_language, g.to_language
  from glossary_terms g
 where g.tenant_id = :tenant
 order by g.from_language, g.to_language, g.term
 limit 1000
