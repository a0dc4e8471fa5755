-- What the kinds of alerts mean, and how loud they are.
create or replace function alert_kinds()
returns table (kind text, severity text, meaning text) language sql immutable as $$
    values ('unanswered', 'critical', 'a customer waits longer than the tenant allows'),
           ('poison', 'critical',
            'a turn failed again and again; the customer was told, a person must answer'),
           ('fallback', 'warning',
            'the bot had no answer and told the customer that a colleague will write'),
           ('handoff', 'warning', 'a conversation waits for a person'),
           ('approval', 'warning', 'the agent waits for a person to approve what it wants to do'),
           ('owner', 'info', 'the bot has something for the owner of the business'),
           ('unowned', 'warning', 'a customer writes in a conversation that nobody has'),
           ('prompt_leak', 'warning', 'an answer told of the rules in a prompt, and was not sent'),
           ('loop', 'warning', 'two bots seem to talk to each other'),
           ('wait_over', 'warning', 'what a conversation waited for did not come in time'),
           ('send_unknown', 'warning', 'nobody knows whether a message arrived')
$$;
