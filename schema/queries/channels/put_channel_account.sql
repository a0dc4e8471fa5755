-- One account a provider id; an empty secret keeps the one that is there.
-- rpc: put_channel_account
-- result: one
-- budget_ms: 100
insert into channel_accounts as a (tenant_id, channel_account_id, channel, external_id, app_secret,
                                   access_token, verify_token, api_base,
                                   unknown_policy)
values (:tenant, uuid7()::text, :channel, :external_id, :app_secret, :access_token, :verify_token,
        :api_base, coalesce(nullif(:unknown_policy, ''), 'resend'))
on conflict (tenant_id, channel, external_id) do update
   set app_secret = coalesce(nullif(excluded.app_secret, ''), a.app_secret),
       access_token = coalesce(nullif(excluded.access_token, ''), a.access_token),
       verify_token = coalesce(nullif(excluded.verify_token, ''), a.verify_token),
       api_base = coalesce(nullif(excluded.api_base, ''), a.api_base),
       unknown_policy = coalesce(nullif(:unknown_policy, ''), a.unknown_policy),
       is_enabled = true, updated_at = now()
returning a.channel_account_id
