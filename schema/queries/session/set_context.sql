-- Whose rows the operations that follow may see, until the transaction ends.
-- session: set_context
select set_config('app.tenant', $1, true), set_config('app.scope', $2, true)
