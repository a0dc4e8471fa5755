-- The journal of a turn, a row a step: receipts of effects (kind effect, written by the effect's own
-- transaction; the result is the receipt as JSON), what was paid for (paid, put_turn_step), and with the
-- commit of the turn one row for its input and all that was read (journal: TurnJournal, proto/turn.proto).
--
-- A table of its own and not a column of turns: journals are removed after some days, and rows of turns
-- that were changed would mix old and new in its blocks, on whose order its looks by time depend. Ids of turns
-- begin with the time, so the key is also the order by age.
create table turn_steps (
    tenant_id text collate "C" not null,
    turn_id uuid not null,
    step_key text collate "C" not null,
    conversation_id uuid not null,
    kind text not null,
    request_hash bytea not null,
    result bytea not null,
    primary key (tenant_id, turn_id, step_key)
) with (autovacuum_vacuum_scale_factor = 0.05);
call protect_tenant_table('turn_steps', p_is_swept => true);
grant delete on turn_steps to parley_app;
