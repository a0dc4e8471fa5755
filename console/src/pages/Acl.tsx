// Who may do what on the bus; what is not here is refused.
import { Badge, Group, Paper, SegmentedControl, Stack, Table, Text, TextInput, Title } from '@mantine/core';
import { IconCheck, IconSearch } from '@tabler/icons-react';
import { useState } from 'react';
import type { Schemas } from '../api/client';
import { useAcl } from '../api/queries';
import { Page } from '../parts/Page';
import { Empty, Loaded } from '../parts/States';

type Row = Schemas['AclRow'];

const unique = (values: string[]): string[] => [...new Set(values)].sort();

// Actor by service: how many of its methods it may call.
function Matrix({ rows }: { rows: Row[] }) {
  const actors = unique(rows.map((row) => row.actor));
  const services = unique(rows.filter((row) => row.may_call || row.may_offer).map((row) => row.service));
  return (
    <Paper withBorder>
      <Table.ScrollContainer minWidth={960}>
        <Table withColumnBorders>
          <Table.Thead><Table.Tr>
            <Table.Th scope="col">Actor</Table.Th>
            {services.map((service) => <Table.Th key={service} scope="col">{service}</Table.Th>)}
          </Table.Tr></Table.Thead>
          <Table.Tbody>
            {actors.map((actor) => (
              <Table.Tr key={actor}>
                <Table.Th scope="row" fw={500}>{actor}</Table.Th>
                {services.map((service) => {
                  const cell = rows.filter((row) => row.actor === actor && row.service === service);
                  const calls = cell.filter((row) => row.may_call);
                  const isAll = calls.some((row) => row.method === '*');
                  return (
                    <Table.Td key={service}>
                      <Group gap={4}>
                        {cell.some((row) => row.may_offer) && <Badge size="sm" variant="light" color="indigo" tt="none" miw="max-content">offers</Badge>}
                        {calls.length > 0 && <Badge size="sm" variant="light" color="teal" tt="none" miw="max-content" title={calls.map((row) => row.method).join(', ')}>{isAll ? 'all' : calls.length === 1 ? '1 method' : `${calls.length} methods`}</Badge>}
                      </Group>
                    </Table.Td>
                  );
                })}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </Paper>
  );
}

function Mark({ isSet, label }: { isSet: boolean; label: string }) {
  return isSet ? <IconCheck size={16} color="var(--mantine-color-teal-7)" role="img" aria-label={label} /> : null;
}

function List({ rows }: { rows: Row[] }) {
  const [text, setText] = useState('');
  const found = rows.filter((row) => `${row.actor} ${row.service}.${row.method}`.includes(text.trim()));
  return (
    <Stack gap="xs">
      <TextInput value={text} onChange={(event) => setText(event.currentTarget.value)} leftSection={<IconSearch size={16} aria-hidden />} placeholder="Actor, service or method" aria-label="Filter" maw={360} />
      {found.length === 0 ? <Empty title="Nothing fits">No right has “{text}” in it.</Empty> : (
        <Paper withBorder>
          <Table.ScrollContainer minWidth={560}>
            <Table>
              <Table.Thead><Table.Tr>
                <Table.Th scope="col">Actor</Table.Th><Table.Th scope="col">Service or topic</Table.Th><Table.Th scope="col">Method</Table.Th>
                <Table.Th scope="col">Call</Table.Th><Table.Th scope="col">Offer</Table.Th><Table.Th scope="col">Publish</Table.Th><Table.Th scope="col">Subscribe</Table.Th>
              </Table.Tr></Table.Thead>
              <Table.Tbody>
                {found.map((row, index) => (
                  <Table.Tr key={index}>
                    <Table.Td fw={500}>{row.actor}</Table.Td><Table.Td>{row.service}</Table.Td>
                    <Table.Td>{row.method === '*' ? <Text size="sm" c="dimmed">all</Text> : row.method}</Table.Td>
                    <Table.Td><Mark isSet={row.may_call} label="may call" /></Table.Td><Table.Td><Mark isSet={row.may_offer} label="may offer" /></Table.Td>
                    <Table.Td><Mark isSet={row.may_publish} label="may publish" /></Table.Td><Table.Td><Mark isSet={row.may_subscribe} label="may subscribe" /></Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </Paper>
      )}
    </Stack>
  );
}

export function Acl() {
  const query = useAcl();
  const [view, setView] = useState('matrix');
  return (
    <Page title="Rights" text="Who may call and offer what. Everything else is refused, and counted as denied."
      actions={<SegmentedControl size="xs" value={view} onChange={setView} aria-label="View" data={[{ value: 'matrix', label: 'Matrix' }, { value: 'list', label: 'List' }]} />}>
      <Loaded query={query}>
        {({ rows }) => rows.length === 0 ? <Empty title="No table of rights" /> : view === 'matrix' ? <Matrix rows={rows} /> : <List rows={rows} />}
      </Loaded>
      <Title order={2} className="visually-hidden">End of the table</Title>
    </Page>
  );
}
