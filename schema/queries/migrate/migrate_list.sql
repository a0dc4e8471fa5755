-- session: migrate_list
select kind, name, checksum from schema_scripts order by kind, name
