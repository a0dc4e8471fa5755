-- The conversation as a person reads it: both directions in one list.
create view messages with (security_invoker = true) as
    select tenant_id, conversation_id, 'in' as direction, 'customer' as author,
           external_id as message_id, turn_id, type, content,
           case when turn_id is not null then 'answered' when starts_turn then 'pending'
                else 'recorded' end as state,
           received_at as at, inbox_seq as seq
      from inbox
    union all
    select tenant_id, conversation_id, 'out', author, outbox_id::text, turn_id,
           content->>'type', content, state, created_at, seq
      from outbox;
grant select on messages to parley_app;
