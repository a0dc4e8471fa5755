-- session: migrate_begin
begin
