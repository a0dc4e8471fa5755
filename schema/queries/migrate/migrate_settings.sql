-- Migrations may take their time, but wait for nobody's lock for ever.
-- session: migrate_settings
select set_config('search_path', 'parley, public', false),
       set_config('client_min_messages', 'warning', false),
       set_config('check_function_bodies', 'off', false),
       set_config('statement_timeout', '0', false),
       set_config('lock_timeout', '10s', false)
