-- rpc: turn_commit
-- result: one
-- arrays: outbox
-- gather: place
-- lock_order: 2
-- budget_ms: 50
select r.was_committed, r.pending_count, r.outbox_count, r.is_stale, r.place
  from turn_commits(:tenant, :conversation_id::uuid[], :fence, :turn_id::uuid[], :session_id,
                    :inbox_seqs, :inbox_seqs_count, :language, :language_confidence, :text,
                    :translation, :intent, :confidence, :sentiment, :risk, :risk_count, :path,
                    :decision, :handoff_reason, :flow_state, :outbox_id, :content, :outbox_count,
                    :error_code, :duration_ms, :owner_fence, :is_final, :journal, :wait_ms,
                    :wait_for, :understanding, :loop_count, :loop_text_hash) r
