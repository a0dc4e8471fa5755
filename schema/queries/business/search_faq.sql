-- rpc: search_faq
-- result: many hits
-- budget_ms: 100
with asked as (
    select :translation <> ''
           and not exists (select from faqs q where q.tenant_id = :tenant and q.language = :language
                              and q.is_enabled) as is_translated)
select f.faq_id, f.question, f.answer, f.language, f.source, f.score,
       f.source not in ('', 'demo') as is_foreign -- who wrote it says so
  from asked a
 cross join lateral search_faq(:tenant,
                  case when a.is_translated then :translation else :text end,
                  case when a.is_translated then :translation_language else :language end,
                  case when :max_rows between 1 and 20 then :max_rows else 3 end) f
