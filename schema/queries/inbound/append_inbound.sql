-- rpc: append_inbound
-- result: many messages
-- arrays: messages
-- lock_order: 1
-- budget_ms: 50
select a.external_id, a.conversation_id::text as conversation_id, a.is_new, a.starts_turn
  from append_inbound(:tenant, :channel, :channel_account_id, :external_id, :address, :alias,
                      :contact_name, :type, :sent_at_ms, :starts_turn, :content,
                      :previous_address) a
