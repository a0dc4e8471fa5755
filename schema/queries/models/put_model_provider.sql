-- Empty texts keep what is there; so do negative numbers.
-- rpc: put_model_provider
-- result: none
-- budget_ms: 100
insert into model_providers as p (tenant_id, provider_id, dialect, base_url, api_key,
                                  concurrency_max_count, requests_per_minute)
values (:tenant, :provider_id, :dialect, :base_url, :api_key, greatest(:concurrency_max_count, 0),
        greatest(:requests_per_minute, 0))
on conflict (tenant_id, provider_id) do update
   set dialect = excluded.dialect,
       base_url = coalesce(nullif(excluded.base_url, ''), p.base_url),
       api_key = coalesce(nullif(excluded.api_key, ''), p.api_key),
       concurrency_max_count = case when :concurrency_max_count < 0 then p.concurrency_max_count
                                    else excluded.concurrency_max_count end,
       requests_per_minute = case when :requests_per_minute < 0 then p.requests_per_minute
                                  else excluded.requests_per_minute end,
       is_enabled = true, updated_at = now()
