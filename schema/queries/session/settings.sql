-- Every connection: small statements over unique keys, so plans are fixed to index lookups and
-- nested loops whatever the statistics say, and made once. A lock that is not given soon ends the
-- batch, which is then run again one by one (batch.h). Commits wait for the disk, and for standbys
-- where there are any, also when the server's default is laxer. A cell that was cut off amid a batch
-- is given up by the server within some 10 s, so that its row locks do not last.
-- session: settings
select set_config('search_path', 'parley, public', false),
       set_config('application_name', 'parley-persistence', false),
       set_config('client_min_messages', 'warning', false),
       set_config('jit', 'off', false),
       set_config('plan_cache_mode', 'force_generic_plan', false),
       set_config('enable_seqscan', 'off', false),
       set_config('enable_bitmapscan', 'off', false),
       set_config('enable_hashjoin', 'off', false),
       set_config('enable_mergejoin', 'off', false),
       set_config('max_parallel_workers_per_gather', '0', false),
       set_config('statement_timeout', '10s', false),
       set_config('lock_timeout', '500ms', false),
       set_config('idle_in_transaction_session_timeout', '30s', false),
       set_config('tcp_keepalives_idle', '4', false),
       set_config('tcp_keepalives_interval', '2', false),
       set_config('tcp_keepalives_count', '3', false),
       set_config('tcp_user_timeout', '10000', false),
       set_config('synchronous_commit',
                  case when current_setting('synchronous_commit') in ('off', 'local') then 'on'
                       else current_setting('synchronous_commit') end, false)
