import { Group, Paper, Table, Text } from '@mantine/core';
import { useMemo } from 'react';
import { Link } from 'react-router';
import { useFeed } from '../live/feed';
import { servicesOf } from '../live/model';
import { HealthMark } from '../parts/Badges';
import { bytes, count, micros, perSecond } from '../parts/format';
import { Page } from '../parts/Page';
import { Empty, Loading } from '../parts/States';

export function Services() {
  const feed = useFeed();
  const services = useMemo(() => servicesOf(feed), [feed]);
  return (
    <Page title="Services" text="Every service of the bus: its instances, queues and answers of the last minute.">
      {!feed.snapshot ? <Loading rows={9} /> : services.length === 0 ? <Empty title="No service is offered" /> : (
        <Paper withBorder>
          <Table.ScrollContainer minWidth={860}>
            <Table highlightOnHover>
              <Table.Thead>
                <Table.Tr>
                  <Table.Th scope="col">Service</Table.Th>
                  <Table.Th scope="col" className="number">Ready</Table.Th>
                  <Table.Th scope="col" className="number">Calls</Table.Th>
                  <Table.Th scope="col" className="number">Errors</Table.Th>
                  <Table.Th scope="col" className="number">Queued</Table.Th>
                  <Table.Th scope="col" className="number">In flight</Table.Th>
                  <Table.Th scope="col" className="number">Credit</Table.Th>
                  <Table.Th scope="col" className="number">p50</Table.Th>
                  <Table.Th scope="col" className="number">p95</Table.Th>
                  <Table.Th scope="col" className="number">p99</Table.Th>
                  <Table.Th scope="col" className="number">Restarts</Table.Th>
                </Table.Tr>
              </Table.Thead>
              <Table.Tbody>
                {services.map((service) => (
                  <Table.Tr key={service.name}>
                    <Table.Td>
                      <Group gap={8} wrap="nowrap">
                        <HealthMark health={service.health} />
                        <Link to={`/services/${service.name}`} className="row-link">{service.name}</Link>
                      </Group>
                    </Table.Td>
                    <Table.Td className="number">{service.ready}/{service.instances.length}</Table.Td>
                    <Table.Td className="number">{perSecond(service.ratePerS)} <Text span size="xs" c="dimmed">{count(service.calls)}</Text></Table.Td>
                    <Table.Td className="number">{count(service.errors)}</Table.Td>
                    <Table.Td className="number">{count(service.queued)}{service.row && service.row.queued_bytes > 0 ? ` · ${bytes(service.row.queued_bytes)}` : ''}</Table.Td>
                    <Table.Td className="number">{count(service.inFlight)}</Table.Td>
                    <Table.Td className="number">{service.row ? count(service.row.credit_messages) : '–'}</Table.Td>
                    <Table.Td className="number">{micros(service.p50Us)}</Table.Td>
                    <Table.Td className="number">{micros(service.p95Us)}</Table.Td>
                    <Table.Td className="number">{micros(service.p99Us)}</Table.Td>
                    <Table.Td className="number">{count(service.restarts)}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </Paper>
      )}
    </Page>
  );
}
