-- rpc: record_notice
-- result: none
-- lock_order: 9
-- budget_ms: 50
select notice_record(:tenant, :notification_id, :integration_id, :attempt, :outcome,
                     :retry_after_ms, :error_text)
