-- How much waits: messages for an answer, conversations for a send that is due. Counted no further than any
-- decision needs.
-- rpc: backlog
-- result: one
-- scope: system
-- budget_ms: 200
select (select count(*) from (select from inbox i
                               where i.turn_id is null and i.starts_turn limit 20000) w)::integer
           as pending_count,
       (select count(*) from (select from outbox_queue q
                               where q.due_at >= (select claim_floor()) and q.due_at <= now() limit 20000) w)::integer
           as unsent_count
