-- The business's own data: knowledge, projects, incidents, appointments. Not hot: foreign keys keep
-- them whole, always inside one tenant.

-- Written by put_faq, found by search_faq: the arrays hold the words of the row as its language's
-- dictionary sees them. There is no GIN index: neither &&, @@ nor % is leakproof, so under
-- row-level security PostgreSQL applies the tenant first and cannot use one. The primary key gives
-- the rows of a tenant and a language.
create table faqs (
    tenant_id text collate "C" not null,
    language text collate "C" not null,
    faq_id text collate "C" not null,
    question text not null,
    answer text not null,
    keywords text not null default '',
    source text not null default '',
    question_plain text not null,        -- plain_text(question), for trigrams
    question_words text[] not null,      -- of question and keywords
    answer_words text[] not null,
    is_enabled boolean not null default true,
    updated_at timestamptz not null default now(),
    primary key (tenant_id, language, faq_id)
);
call protect_tenant_table('faqs');

create table projects (
    tenant_id text collate "C" not null,
    project_id text collate "C" not null,
    contact_id uuid,                     -- whose project; null: shown to every contact
    name text not null,
    status text not null default 'active',
    city text not null default '',
    position integer not null default 0,
    created_at timestamptz not null default now(),
    primary key (tenant_id, project_id)
);
call protect_tenant_table('projects');

create table tasks (
    tenant_id text collate "C" not null,
    task_id text collate "C" not null,
    project_id text collate "C" not null,
    title text not null,
    description text not null default '',
    status text not null default 'open'
        check (status in ('open', 'in_progress', 'blocked', 'done')),
    progress_pct integer not null default 0 check (progress_pct between 0 and 100),
    due_on date,
    position integer not null default 0,
    updated_at timestamptz not null default now(),
    primary key (tenant_id, task_id),
    foreign key (tenant_id, project_id) references projects
);
create index tasks_project on tasks (tenant_id, project_id, position);
call protect_tenant_table('tasks');

create table documents (
    tenant_id text collate "C" not null,
    document_id text collate "C" not null,
    project_id text collate "C" not null,
    title text not null,
    url text not null,
    position integer not null default 0,
    created_at timestamptz not null default now(),
    primary key (tenant_id, document_id),
    foreign key (tenant_id, project_id) references projects
);
create index documents_project on documents (tenant_id, project_id, position);
call protect_tenant_table('documents');

create table incidents (
    tenant_id text collate "C" not null,
    incident_id uuid not null,
    number bigint not null,
    idempotency_key text collate "C" not null,
    conversation_id uuid,
    contact_id uuid,
    project_id text collate "C",
    description text not null,
    location text not null default '',
    severity text not null check (severity in ('low', 'medium', 'high', 'critical')),
    status text not null default 'open' check (status in ('open', 'in_progress', 'closed')),
    created_at timestamptz not null default now(),
    primary key (tenant_id, incident_id),
    unique (tenant_id, idempotency_key),
    unique (tenant_id, number),
    foreign key (tenant_id, project_id) references projects
);
call protect_tenant_table('incidents');

create table progress_updates (
    tenant_id text collate "C" not null,
    idempotency_key text collate "C" not null,
    task_id text collate "C" not null,
    contact_id uuid,
    progress_pct integer not null check (progress_pct between 0 and 100),
    note text not null default '',
    created_at timestamptz not null default now(),
    primary key (tenant_id, idempotency_key),
    foreign key (tenant_id, task_id) references tasks
);
create index progress_updates_task on progress_updates (tenant_id, task_id, created_at);
call protect_tenant_table('progress_updates');

create table appointments (
    tenant_id text collate "C" not null,
    appointment_id uuid not null,
    number bigint not null,
    idempotency_key text collate "C" not null,
    conversation_id uuid,
    contact_id uuid,
    service text not null default '',
    wanted text not null default '',     -- in the customer's words; a person confirms it
    status text not null default 'pending' check (status in ('pending', 'confirmed', 'cancelled')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, appointment_id),
    unique (tenant_id, idempotency_key),
    unique (tenant_id, number)
);
create index appointments_contact on appointments (tenant_id, contact_id, number);
call protect_tenant_table('appointments');
