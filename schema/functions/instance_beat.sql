-- A process says that it lives. holder is its name from now on: another one than p_holder when that is not
-- the living one of this instance any more (first time, its end was reported, or it was silent too long).
-- What it held under the old name is not its own then: its leases may be taken, its claims run out.
--
-- Who was heard in time itself also ends those that were not, so a dead cell is buried by the living. After
-- an outage of the database nobody was heard, and nobody is buried.
create or replace function instance_beat(
    p_instance text, p_holder text, p_service text, p_pid bigint, p_alive_ms bigint,
    p_claim_delay_ms bigint, out holder text, out peers_count integer)
language plpgsql as $$
declare
    v_own instances;
    v_dead instances;
begin
    select * into v_own from instances k where k.instance = p_instance for update;
    holder := p_holder;
    if not found or v_own.holder <> p_holder then
        holder := p_instance || '/' || nextval('instance_epochs');
    end if;
    insert into instances as k (instance, holder, service, pid, claim_delay_ms, expires_at)
    values (p_instance, instance_beat.holder, p_service, p_pid, p_claim_delay_ms,
            clock_timestamp() + p_alive_ms * interval '1 ms')
    on conflict (instance) do update
       set holder = excluded.holder, service = excluded.service, pid = excluded.pid,
           claim_delay_ms = excluded.claim_delay_ms, expires_at = excluded.expires_at;
    if v_own.expires_at > clock_timestamp() then
        for v_dead in
            delete from instances k
             where k.instance in (select d.instance from instances d
                                   where d.expires_at < clock_timestamp() and d.instance <> p_instance
                                     for update skip locked)
            returning k.*
        loop
            perform claims_release(v_dead.holder, v_dead.claim_delay_ms);
        end loop;
    end if;
    select count(*) into peers_count from instances k
     where k.service = p_service and k.expires_at > clock_timestamp();
end
$$;
