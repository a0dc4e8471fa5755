-- rpc: append_inbound
-- result: many messages
-- each: messages
-- key: address
-- lock_order: 1
-- budget_ms: 50
select :external_id as external_id, a.conversation_id::text as conversation_id, a.is_new,
       :starts_turn as starts_turn
  from append_inbound(:tenant, :channel, :channel_account_id, :external_id, :address, :alias,
                      :contact_name, :type, :sent_at_ms, :starts_turn, :content,
                      :previous_address) a
