-- Which part of the words in p_words is among p_among, 0 to 1.
create or replace function share_of(p_words text[], p_among text[]) returns double precision
language sql immutable as $$
    select count(*) filter (where w.word = any (p_among))::double precision / greatest(count(*), 1)
      from unnest(p_words) w(word)
$$;
