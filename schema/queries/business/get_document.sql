-- rpc: get_document
-- result: one
-- missing: DOCUMENT_NOT_FOUND
-- budget_ms: 50
select d.document_id, p.name as project_name, d.title, d.url
  from documents d
  join projects p on p.tenant_id = d.tenant_id and p.project_id = d.project_id
 where d.tenant_id = :tenant and d.document_id = :document_id
