-- rpc: list_documents
-- result: many documents
-- budget_ms: 50
select d.document_id, p.name as project_name, d.title, d.url
  from documents d
  join projects p on p.tenant_id = d.tenant_id and p.project_id = d.project_id
 where d.tenant_id = :tenant and (:project_id = '' or d.project_id = :project_id)
 order by p.position, d.position, d.document_id
 limit case when :max_rows between 1 and 100 then :max_rows else 100 end
