-- What is kept of calls of tools has an end (tools_compact), and goes when a contact is erased (tools_erase).
grant delete on tool_executions, tool_usage, tool_approvals to parley_app;
create policy system_sweep on tool_executions
    using (current_setting('app.scope', true) = 'system')
    with check (current_setting('app.scope', true) = 'system');
create policy system_sweep on tool_usage
    using (current_setting('app.scope', true) = 'system')
    with check (current_setting('app.scope', true) = 'system');
create index tool_executions_conversation
    on tool_executions (tenant_id collate "POSIX", conversation_id);

-- Has another parameter now: what a call costs.
drop function if exists tool_call_begin(text, uuid, uuid, text, text, text, text, integer, integer, uuid);

-- A product that is sold no more leaves the price table; nothing else refers to it.
grant delete on products to parley_app;
