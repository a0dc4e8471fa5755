-- An amount in minor units as a reader of the language expects it: 1.250,00 EUR.
create or replace function money_text(
    p_minor bigint, p_minor_digits integer, p_currency text, p_language text) returns text
language sql immutable as $$
    select trim(translate(to_char(p_minor / 10::numeric ^ p_minor_digits,
                                  'FM999,999,999,999,990'
                                  || case when p_minor_digits > 0
                                          then '.' || repeat('0', p_minor_digits) else '' end),
                          ',.',
                          case when p_language in ('fr', 'pl') then U&'\202F,'
                               when p_language in ('de', 'es', 'it', 'pt', 'ro') then '.,'
                               else ',.' end)) || ' ' || p_currency
$$;
