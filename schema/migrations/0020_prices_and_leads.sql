-- What the business sells and for how much, and who might buy it. Amounts are whole minor units (cents)
-- of their currency; quantities have three decimals. How a price is worked out: functions/quote_price.sql.

create table products (
    tenant_id text collate "C" not null,
    product_id text collate "C" not null,
    currency text collate "C" not null check (currency ~ '^[A-Z]{3}$'),
    minor_digits integer not null default 2 check (minor_digits between 0 and 4),
    unit_price_minor bigint not null check (unit_price_minor between 0 and 1000000000000),
    -- volume: the whole quantity has the price of the break that it reaches; tiered: each break's price is
    -- for the part of the quantity above it
    pricing text not null default 'volume' check (pricing in ('volume', 'tiered')),
    is_enabled boolean not null default true,
    position integer not null default 0,
    updated_at timestamptz not null default now(),
    primary key (tenant_id, product_id)
);
call protect_tenant_table('products');

create table price_breaks (
    tenant_id text collate "C" not null,
    product_id text collate "C" not null,
    from_quantity numeric(12, 3) not null check (from_quantity > 0),
    unit_price_minor bigint not null check (unit_price_minor between 0 and 1000000000000),
    primary key (tenant_id, product_id, from_quantity),
    foreign key (tenant_id, product_id) references products
);
call protect_tenant_table('price_breaks');
grant delete on price_breaks to parley_app;

-- Written by put_product, with what find_products needs.
create table product_names (
    tenant_id text collate "C" not null,
    product_id text collate "C" not null,
    language text collate "C" not null,
    name text not null,
    unit text not null default '',       -- what a quantity of 1 is: m², hour
    note text not null default '',       -- said with each price: what is in it
    keywords text not null default '',
    name_plain text not null,
    name_words text[] not null,
    keyword_words text[] not null,
    primary key (tenant_id, product_id, language),
    foreign key (tenant_id, product_id) references products
);
call protect_tenant_table('product_names');
grant delete on product_names to parley_app;

-- One open lead a contact: what they say later goes into it.
create table leads (
    tenant_id text collate "C" not null,
    lead_id uuid not null,
    number bigint not null,
    contact_id uuid,
    conversation_id uuid,
    name text not null default '',
    email text not null default '',
    phone text not null default '',
    company text not null default '',
    interest text not null default '',
    message text not null default '',
    stage text not null default 'new'
        check (stage in ('new', 'contacted', 'qualified', 'won', 'lost')),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, lead_id),
    unique (tenant_id, number)
);
create index leads_contact on leads (tenant_id collate "POSIX", contact_id);
call protect_tenant_table('leads');

-- What was said each time, once a key.
create table lead_notes (
    tenant_id text collate "C" not null,
    idempotency_key text collate "C" not null,
    lead_id uuid not null,
    request_hash bytea not null,
    was_new boolean not null,            -- it began the lead
    interest text not null,
    message text not null,
    created_at timestamptz not null default now(),
    primary key (tenant_id, idempotency_key),
    foreign key (tenant_id, lead_id) references leads
);
create index lead_notes_lead on lead_notes (tenant_id collate "POSIX", lead_id, created_at);
call protect_tenant_table('lead_notes');
