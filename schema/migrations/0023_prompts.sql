-- A tenant's own prompts in the place of those that are built in, and a smaller model for the agent.
create table prompts (
    tenant_id text collate "C" not null,
    name text collate "C" not null check (length(name) between 1 and 32),
    version bigint not null default 1, -- rises with every text, also over a reset
    text text not null check (length(text) <= 16384), -- empty: the built-in one again
    updated_at timestamptz not null default now(),
    primary key (tenant_id, name)
);
call protect_tenant_table('prompts');

alter table model_roles drop constraint model_roles_role_check,
    add constraint model_roles_role_check check (role in ('agent', 'agent_small', 'classify',
        'translate', 'summarise', 'embed', 'transcribe'));
