import { Badge, Drawer, Paper, Stack, Table, Title, UnstyledButton } from '@mantine/core';
import { useState } from 'react';
import { useTrace, useTraces } from '../api/queries';
import { ago, count, micros } from '../parts/format';
import { callRows, stageRows } from '../parts/hops';
import { Page } from '../parts/Page';
import { Empty, Loaded } from '../parts/States';
import { Waterfall } from '../parts/Waterfall';

function TraceDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const query = useTrace(id);
  return (
    <Drawer opened onClose={onClose} position="right" size="xl" title={`Trace ${id.slice(0, 12)}…`} closeButtonProps={{ 'aria-label': 'Close' }}>
      <Loaded query={query}>
        {({ hops }) => {
          const stages = stageRows(hops);
          const calls = callRows(hops);
          return (
            <Stack>
              {stages.length > 0 && <><Title order={2}>Stages</Title><Waterfall rows={stages} label="Stages" /></>}
              {calls.length > 0 ? <><Title order={2}>Hops</Title><Waterfall rows={calls} label="Calls on the bus" /></> : <Empty title="Its hops are gone" />}
            </Stack>
          );
        }}
      </Loaded>
    </Drawer>
  );
}

export function Traces() {
  const query = useTraces();
  const [open, setOpen] = useState('');
  return (
    <Page title="Traces" text="Followed calls, newest first: a share of all, and every one that failed or was slow.">
      <Loaded query={query}>
        {({ traces }) => traces.length === 0 ? <Empty title="No trace yet">One in a hundred is followed unless you set another share.</Empty> : (
          <Paper withBorder>
            <Table.ScrollContainer minWidth={640}>
              <Table highlightOnHover>
                <Table.Thead><Table.Tr>
                  <Table.Th scope="col">Began with</Table.Th><Table.Th scope="col">Tenant</Table.Th><Table.Th scope="col" className="number">Took</Table.Th>
                  <Table.Th scope="col" className="number">Hops</Table.Th><Table.Th scope="col" className="number">When</Table.Th><Table.Th scope="col">Result</Table.Th>
                </Table.Tr></Table.Thead>
                <Table.Tbody>
                  {traces.map((trace) => (
                    <Table.Tr key={trace.trace}>
                      <Table.Td><UnstyledButton className="row-link" fz="sm" onClick={() => setOpen(trace.trace)}>{trace.method}</UnstyledButton></Table.Td>
                      <Table.Td>{trace.tenant}</Table.Td>
                      <Table.Td className="number">{micros(trace.duration_us)}</Table.Td>
                      <Table.Td className="number">{count(trace.hops)}</Table.Td>
                      <Table.Td className="number">{ago(trace.at_ms)}</Table.Td>
                      <Table.Td><Badge variant="light" color={trace.is_error ? 'red' : 'teal'} tt="none">{trace.is_error ? 'error' : 'good'}</Badge></Table.Td>
                    </Table.Tr>
                  ))}
                </Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          </Paper>
        )}
      </Loaded>
      {open && <TraceDrawer id={open} onClose={() => setOpen('')} />}
    </Page>
  );
}
