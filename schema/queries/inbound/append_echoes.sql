-- rpc: append_echoes
-- result: many echoes
-- each: messages
-- lock_order: 2
-- budget_ms: 50
select :external_id as external_id, e.was_ours, e.was_new, e.conversation_id
  from put_echo(:tenant, :channel, :channel_account_id, :external_id, :address, :alias, :type,
                :sent_at_ms, :content, :outbox_id) e
