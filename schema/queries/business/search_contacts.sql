-- The contacts nearest to a name, an address or a part of one, best first.
-- rpc: search_contacts
-- result: many contacts
-- budget_ms: 200
select c.contact_id::text as contact_id, c.name, c.language, coalesce(c.profile->>'email', '') as email,
       coalesce(c.profile->>'phone', '') as phone, coalesce(c.profile->>'company', '') as company,
       coalesce(a.addresses, '') as addresses,
       (extract(epoch from c.updated_at) * 1000)::bigint as updated_at_ms
  from contacts c
  left join lateral (
       select string_agg(k.channel || ' ' || k.address, ', ' order by k.channel) as addresses
         from contact_addresses k
        where k.tenant_id collate "POSIX" = c.tenant_id and k.contact_id = c.contact_id) a on true
 cross join lateral (
       select word_similarity(plain_text(:text), plain_text(concat_ws(' ', c.name, c.profile->>'name',
                                                                      c.profile->>'company',
                                                                      c.profile->>'email'))) as name_score,
              case when length(regexp_replace(:text, '\D', '', 'g')) >= 4
                    and position(regexp_replace(:text, '\D', '', 'g')
                                 in regexp_replace(concat(a.addresses, ' ', c.profile->>'phone'), '\D', '', 'g')) > 0
                   then 1 else 0 end as number_score) s
 where c.tenant_id = :tenant and c.merged_into is null
   and greatest(s.name_score, s.number_score) >= 0.4
 order by greatest(s.name_score, s.number_score) desc, c.updated_at desc
 limit case when :max_rows between 1 and 50 then :max_rows else 10 end
