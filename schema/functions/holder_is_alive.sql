-- Does the process live that holds a lease or a claim in this name ("<cell>/<instance>/<epoch>")? Its row
-- goes when its broker reports its end, and counts no longer when it was not heard in time.
create or replace function holder_is_alive(p_holder text) returns boolean
language plpgsql stable as $$
begin
    return exists (select from instances k
                    where k.holder = p_holder and k.expires_at > clock_timestamp());
end
$$;
