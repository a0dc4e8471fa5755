-- What was committed may be work for somebody (hint_send): one connection of each instance hears of it.
-- session: listen
listen parley_hints
