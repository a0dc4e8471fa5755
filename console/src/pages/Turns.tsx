import { Badge, Button, Group, Paper, Select, Table, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { Link, useSearchParams } from 'react-router';
import type { Schemas } from '../api/client';
import { NEWEST, type TurnsPlace, useTenants, useTurns } from '../api/queries';
import { ago, millis } from '../parts/format';
import { Page } from '../parts/Page';
import { Empty, Loaded } from '../parts/States';

function Rows({ turns, tenant }: { turns: Schemas['TurnSummary'][]; tenant: string }) {
  return (
    <Paper withBorder>
      <Table.ScrollContainer minWidth={760}>
        <Table highlightOnHover>
          <Table.Thead><Table.Tr>
            <Table.Th scope="col">Message</Table.Th><Table.Th scope="col">Contact</Table.Th><Table.Th scope="col">Language</Table.Th>
            <Table.Th scope="col">Intent</Table.Th><Table.Th scope="col">Answered by</Table.Th><Table.Th scope="col" className="number">Took</Table.Th><Table.Th scope="col" className="number">When</Table.Th>
          </Table.Tr></Table.Thead>
          <Table.Tbody>
            {turns.map((turn) => (
              <Table.Tr key={turn.turn_id}>
                <Table.Td maw={320}>
                  <Link to={`/turns/${tenant}/${turn.conversation_id}/${turn.turn_id}`} className="row-link">
                    <Text size="sm" fw={500} className="clip" dir="auto">{turn.text || '(no text)'}</Text>
                  </Link>
                </Table.Td>
                <Table.Td>{turn.contact_name || <Text size="sm" c="dimmed">unnamed</Text>}<Text size="xs" c="dimmed">{turn.channel}</Text></Table.Td>
                <Table.Td>{turn.language}</Table.Td>
                <Table.Td>{turn.intent} <Text span size="xs" c="dimmed">{Math.round(turn.confidence * 100)} %</Text></Table.Td>
                <Table.Td>
                  <Group gap={4}>
                    <Text size="sm">{turn.path}</Text>
                    {turn.decision !== 'RESPOND' && <Badge size="sm" variant="light" color="orange" tt="none">{turn.decision.toLowerCase().replaceAll('_', ' ')}</Badge>}
                    {turn.is_superseded && <Badge size="sm" variant="light" color="gray" tt="none">superseded</Badge>}
                    {turn.error_code && <Badge size="sm" variant="light" color="red" tt="none">{turn.error_code}</Badge>}
                  </Group>
                </Table.Td>
                <Table.Td className="number">{millis(turn.duration_ms)}</Table.Td>
                <Table.Td className="number">{ago(turn.committed_at_ms)}</Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}

export function Turns() {
  const tenants = useTenants();
  const [params, setParams] = useSearchParams();
  const [pages, setPages] = useState<TurnsPlace[]>([NEWEST]);
  const tenant = params.get('tenant') ?? tenants.data?.tenants[0]?.tenant ?? '';
  const query = useTurns(tenant, pages.at(-1) ?? NEWEST);
  useEffect(() => setPages([NEWEST]), [tenant]);
  const last = query.data?.turns.at(-1);
  const hasNone = tenants.data?.tenants.length === 0;
  return (
    <Page title="Turns" text="Each answer to a customer: what was understood, which way it took, how long it needed."
      actions={tenants.data && tenants.data.tenants.length > 0 && (
        <Select size="xs" w={180} aria-label="Tenant" value={tenant} allowDeselect={false} searchable={tenants.data.tenants.length > 12}
          onChange={(value) => setParams(value ? { tenant: value } : {})} data={tenants.data.tenants.map((row) => row.tenant)} />
      )}>
      {tenants.error ? <Loaded query={tenants}>{() => null}</Loaded>
        : hasNone ? <Empty title="No conversation yet">Write with `parley chat`, or connect a channel.</Empty>
          : (
            <Loaded query={query}>
              {({ turns }) => turns.length === 0 ? <Empty title="No turn here">Answers appear as customers write.</Empty> : <Rows turns={turns} tenant={tenant} />}
            </Loaded>
          )}
      <Group justify="flex-end" gap="xs">
        {pages.length > 1 && <Button size="xs" variant="default" onClick={() => setPages(pages.slice(0, -1))}>Newer</Button>}
        {last && query.data?.turns.length === 50 && <Button size="xs" variant="default" onClick={() => setPages([...pages, { beforeMs: last.committed_at_ms, beforeTurnId: last.turn_id }])}>Older</Button>}
      </Group>
    </Page>
  );
}
