-- The tenant's own words. A term whose translation is itself, with no languages, is a name that is never
-- translated. Read in both directions.
create table glossary_terms (
    tenant_id text collate "C" not null,
    from_language text collate "C" not null, -- '' with to_language '': of all
    to_language text collate "C" not null,
    term text collate "C" not null check (term <> ''),
    translation text not null check (translation <> ''),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, from_language, to_language, term)
);
call protect_tenant_table('glossary_terms');
grant delete on glossary_terms to parley_app;
