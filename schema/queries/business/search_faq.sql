-- rpc: search_faq
-- result: many hits
-- budget_ms: 100
select f.faq_id, f.question, f.answer, f.language, f.source, f.score
  from search_faq(:tenant, :text, :language,
                  case when :max_rows between 1 and 20 then :max_rows else 3 end) f
