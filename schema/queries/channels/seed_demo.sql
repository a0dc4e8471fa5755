-- rpc: seed_demo
-- result: none
-- budget_ms: 2000
select seed_demo(:tenant)
