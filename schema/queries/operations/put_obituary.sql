-- The same death comes once, or again when a hint was repeated. Deaths are kept for 90 days, as logs are.
-- rpc: put_obituary
-- result: none
-- scope: system
-- budget_ms: 100
with expired as (
    delete from obituaries o where o.at < now() - interval '90 days'
)
insert into obituaries (service, instance, pid, at, uptime_ms, reason, exit_code, signal, is_core,
                        user_cpu_ms, system_cpu_ms, rss_max_kb, method_in_hand, trace, backtrace,
                        log_lines, was_ready, was_parked)
values (:service, :instance, :pid, to_timestamp(:at_ms / 1000.0), :uptime_ms, :reason, :exit_code,
        :signal, :is_core, :user_cpu_ms, :system_cpu_ms, :rss_max_kb, :method_in_hand, :trace,
        :backtrace, :log_lines, :was_ready, :was_parked)
on conflict (instance, at, pid) do nothing
