-- A broker saw the end of a process, or hears it no more: its leases count no longer. Its claims are
-- released only when it is surely dead: one that is merely silent may be amid a request, and what it does
-- with its claims until they run out is right. Its successor under the same name has another pid.
create or replace function instance_end(p_instance text, p_pid bigint, p_is_dead boolean) returns void
language plpgsql as $$
declare
    v_dead instances;
begin
    delete from instances k where k.instance = p_instance and k.pid = p_pid returning * into v_dead;
    if found and p_is_dead then
        perform claims_release(v_dead.holder, v_dead.claim_delay_ms);
    end if;
end
$$;
