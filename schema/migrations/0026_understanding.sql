-- What a model said of a text, and when an intent is sure enough.

-- Only of turns for which a model was asked (Understanding, proto/common.proto); else intent, confidence,
-- sentiment and risk are the built-in classifier's.
alter table turns add column understanding jsonb;
-- The turn left a flow that waits for an answer: who then goes elsewhere has abandoned it.
alter table turns add column is_flow_open boolean not null default false;
-- [{"intent": "greeting", "confidence": 0.8}]; null: all have fast_path_confidence_pct.
alter table tenants add column intent_thresholds jsonb;
