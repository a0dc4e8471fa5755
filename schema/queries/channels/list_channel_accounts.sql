-- rpc: list_channel_accounts
-- result: many accounts
-- scope: system
-- budget_ms: 500
select a.tenant_id as tenant, a.channel_account_id, a.channel, a.external_id, a.app_secret,
       a.access_token, a.verify_token, a.api_base,
       a.unknown_policy
  from channel_accounts a
 where a.is_enabled
 order by a.tenant_id, a.channel_account_id
 limit 10000
