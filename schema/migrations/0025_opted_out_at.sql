-- Since when the person wants no unasked messages, where each send looks: what answers a message they wrote later
-- goes.
alter table conversations add column opted_out_at timestamptz;
update conversations set opted_out_at = now() where is_opted_out;
alter table conversations drop column is_opted_out;
