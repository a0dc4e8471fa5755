-- session: migrate_note
insert into schema_scripts (kind, name, checksum) values ($1, $2, $3)
on conflict (kind, name) do update set checksum = excluded.checksum, applied_at = now()
