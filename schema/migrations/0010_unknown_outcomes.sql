-- Requests to the channel whose outcome nobody knows (promises.md D6): "send once more" is counted in
-- the row, so that it stays once however often delivery is killed.
alter table outbox add column unknown_count integer not null default 0;
