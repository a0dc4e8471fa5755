-- What became of the flows that an intent began, by who named the intent and how sure they were. Wrong: the
-- customer went elsewhere (or nowhere, for a day) while the flow waited for an answer; a person took over
-- within half an hour; or the model, whose word was taken, named another intent.
-- rpc: list_intent_outcomes
-- result: many outcomes
-- budget_ms: 3000
with story as (
    select t.*, lag(t.path) over w as previous_path, lead(t.path) over w as next_path,
           lead(t.decision) over w as next_decision, lead(t.committed_at) over w as next_at
      from turns t
     where t.tenant_id = :tenant
       and t.committed_at >= now() - greatest(1, :days) * interval '1 day'
    window w as (partition by t.conversation_id order by t.committed_at, t.fence)),
begun as (
    select s.intent, s.confidence, s.understanding as u,
           s.is_flow_open and case when s.next_at is null then s.committed_at < now() - interval '1 day'
                                   else s.next_path <> s.path end as is_abandoned,
           s.intent <> 'escalate_to_human'
           and (coalesce(s.next_at < s.committed_at + interval '30 minutes'
                         and (s.next_decision = 'HUMAN_HANDOFF'
                              or s.next_path = 'flow:escalate_to_human'), false)
                or exists (select from owner_changes o
                            where o.tenant_id = s.tenant_id and o.conversation_id = s.conversation_id
                              and o.owner = 'person' and o.changed_by not in ('turn', 'policy')
                              and o.changed_at between s.committed_at
                                  and s.committed_at + interval '30 minutes')) as is_handed_over
      from story s
     where s.path = 'flow:' || s.intent and s.previous_path is distinct from s.path
       and s.confidence > 0 and s.error_code = ''),
said as (
    select 'builtin' as source, coalesce(b.u ->> 'builtin_intent', b.intent) as intent,
           coalesce((b.u ->> 'builtin_confidence')::double precision, b.confidence) as confidence,
           b.is_abandoned, b.is_handed_over,
           coalesce(b.u ->> 'builtin_intent', b.intent) <> b.intent as is_overruled
      from begun b
    union all
    select 'model', b.u ->> 'model_intent', (b.u ->> 'model_confidence')::double precision,
           b.is_abandoned, b.is_handed_over, b.u ->> 'model_intent' <> b.intent
      from begun b
     where b.u ->> 'model_intent' <> '')
select s.source, s.intent, least(99, floor(s.confidence * 100))::integer as confidence_pct,
       count(*) as turns_count,
       count(*) filter (where not (s.is_abandoned or s.is_handed_over or s.is_overruled)) as right_count,
       count(*) filter (where s.is_abandoned) as abandoned_count,
       count(*) filter (where s.is_handed_over) as handed_over_count
  from said s
 group by s.source, s.intent, least(99, floor(s.confidence * 100))
 order by s.source, s.intent, confidence_pct
 limit 4000
