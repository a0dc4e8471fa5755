-- Newest first; of one service, of one instance, or all.
-- rpc: list_obituaries
-- result: many obituaries
-- scope: system
-- budget_ms: 100
select o.service, o.instance, o.pid, (extract(epoch from o.at) * 1000)::bigint as at_ms, o.uptime_ms,
       o.reason, o.exit_code, o.signal, o.is_core, o.user_cpu_ms, o.system_cpu_ms, o.rss_max_kb,
       o.method_in_hand, o.trace, o.backtrace, o.log_lines, o.was_ready, o.was_parked
  from obituaries o
 where (:service = '' or o.service = :service) and (:instance = '' or o.instance = :instance)
 order by o.at desc
 limit case when :max_rows between 1 and 1000 then :max_rows else 100 end
