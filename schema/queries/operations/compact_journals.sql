-- rpc: compact_journals
-- result: one
-- scope: system
-- lock_order: 9
-- budget_ms: 1000
select journal_compact(now() - :older_than_days * interval '1 day', r.max_rows)
       + case when :tools_older_than_days > 0
              then tools_compact(now() - :tools_older_than_days * interval '1 day', r.max_rows)
              else 0 end as removed_count
  from (values (case when :max_rows between 1 and 10000 then :max_rows else 1000 end)) r (max_rows)
