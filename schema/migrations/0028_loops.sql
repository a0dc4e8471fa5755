-- Two bots that answer each other: from this many machine-like turns on (services/session/loop.h) ours is silent
-- in that conversation; 0: never.
alter table tenants
    add column loop_turns_max integer not null default 20 check (loop_turns_max between 0 and 1000);
alter table conversations
    add column loop_count integer not null default 0,
    add column loop_text_hash bigint not null default 0, -- of the customer's last text
    add column loop_since timestamptz;                   -- silent since; null: it answers
