-- rpc: turn_begin
-- result: one
-- gather: place
-- lock_order: 2
-- budget_ms: 50
select b.is_granted, b.retry_after_ms, b.fence, b.tenant_name, b.internal_language, b.contact_id,
       b.contact_name, b.contact_phone, b.channel, b.channel_account_id, b.language, b.owner, b.owner_fence,
       b.flow_state, b.session_id, b.pending, b.is_over_quota, b.is_blocked,
       b.turn_id::text as turn_id, b.turn_started_at_ms, b.turn_age_ms, b.was_superseded, b.replans_left,
       b.steps_count, b.first_sign_ms, b.answer_ms, b.is_poison, b.is_wait_over,
       b.intent_thresholds, b.last_activity_at_ms, b.loop_count, b.loop_text_hash, b.loop_turns_max,
       b.place
  from turn_begins(:tenant, :conversation_id::uuid[], :holder,
                   array(select case when l > 0 then l else 30000 end from unnest(:lease_ms) l),
                   :planned_count) b
