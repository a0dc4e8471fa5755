-- A demo business for a tenant: a building firm with projects, tasks, documents, and its questions
-- and answers in nine languages. Running it again brings the texts up to date and touches nothing
-- else.
create or replace function seed_demo(p_tenant text) returns void
language plpgsql as $$
begin
    insert into tenants (tenant_id, name, plan) values (p_tenant, 'Demo Bau & Rénovation', 'pro')
    on conflict (tenant_id) do update set updated_at = now();

    insert into projects (tenant_id, project_id, name, status, city, position)
    select p_tenant, d.* from (values
        ('demo-villa', 'Villa Martin', 'active', 'Strasbourg', 1),
        ('demo-park', 'Residenz am Park', 'active', 'Kehl', 2),
        ('demo-office', 'Bureaux du Rhin', 'planning', 'Colmar', 3)
    ) d on conflict (tenant_id, project_id) do update set name = excluded.name;

    insert into tasks (tenant_id, task_id, project_id, title, description, status, progress_pct,
                       due_on, position)
    select p_tenant, d.id, d.project, d.title, d.description, d.status, d.pct,
           current_date + d.days, d.position
      from (values
        ('demo-task-1', 'demo-villa', 'Fondations', 'Semelles filantes et dalle.', 'done', 100, -20, 1),
        ('demo-task-2', 'demo-villa', 'Maçonnerie du rez-de-chaussée', 'Murs en brique, 20 cm.', 'in_progress', 60, 10, 2),
        ('demo-task-3', 'demo-villa', 'Charpente et toiture', 'Tuiles plates, isolation 30 cm.', 'open', 0, 35, 3),
        ('demo-task-4', 'demo-park', 'Dachabdichtung erneuern', 'Flachdach, zweilagig.', 'in_progress', 40, 7, 1),
        ('demo-task-5', 'demo-park', 'Treppenhaus streichen', 'Vier Etagen, zwei Anstriche.', 'open', 0, 21, 2),
        ('demo-task-6', 'demo-park', 'Badezimmer Wohnung 12', 'Wanne gegen Dusche tauschen.', 'blocked', 20, 14, 3),
        ('demo-task-7', 'demo-office', 'Étude de sol', 'Trois sondages.', 'in_progress', 80, 5, 1),
        ('demo-task-8', 'demo-office', 'Permis de construire', 'Dossier déposé en mairie.', 'open', 10, 60, 2)
      ) d(id, project, title, description, status, pct, days, position)
    on conflict (tenant_id, task_id) do update set title = excluded.title,
        description = excluded.description;

    insert into documents (tenant_id, document_id, project_id, title, url, position)
    select p_tenant, d.* from (values
        ('demo-doc-1', 'demo-villa', 'Plan du rez-de-chaussée', 'https://demo.example/docs/villa-plan-rdc.pdf', 1),
        ('demo-doc-2', 'demo-villa', 'Devis signé', 'https://demo.example/docs/villa-devis.pdf', 2),
        ('demo-doc-3', 'demo-park', 'Leistungsverzeichnis Dach', 'https://demo.example/docs/park-dach.pdf', 1),
        ('demo-doc-4', 'demo-park', 'Bauzeitenplan', 'https://demo.example/docs/park-bauzeitenplan.pdf', 2),
        ('demo-doc-5', 'demo-office', 'Dossier de permis', 'https://demo.example/docs/bureaux-permis.pdf', 1)
    ) d on conflict (tenant_id, document_id) do update set title = excluded.title, url = excluded.url;

    perform seed_demo_products(p_tenant);

    perform put_faq(p_tenant, d.language, d.faq, d.question, d.answer, d.keywords, 'demo')
      from demo_faqs() d(language, faq, question, answer, keywords);
end
$$;
