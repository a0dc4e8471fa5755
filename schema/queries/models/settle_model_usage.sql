-- rpc: settle_model_usage
-- result: none
-- lock_order: 6
-- budget_ms: 50
select model_settle(:tenant, r)
  from (select (jsonb_populate_record(null::model_usage, jsonb_build_object(
                   'usage_id', :usage_id::text, 'conversation_id', :conversation_id::text,
                   'role', :role::text, 'provider', :provider::text, 'model', :model::text,
                   'outcome', :outcome::text,
                   'cost_micro_usd', case when :is_cost_known then :cost_micro_usd::bigint end,
                   'input_tokens', :input_tokens::bigint,
                   'cache_read_tokens', :cache_read_tokens::bigint,
                   'cache_write_tokens', :cache_write_tokens::bigint,
                   'cache_write_1h_tokens', :cache_write_1h_tokens::bigint,
                   'output_tokens', :output_tokens::bigint, 'audio_ms', :audio_ms::bigint,
                   'requests_count', :requests_count::bigint,
                   'duration_ms', :duration_ms::bigint))) as r) x
