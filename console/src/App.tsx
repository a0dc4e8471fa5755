// The frame: navigation, connection, colour scheme, log out. Pages are inside.
import { ActionIcon, Anchor, AppShell, Badge, Burger, Group, NavLink, Text, Tooltip, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconActivity, IconChecklist, IconLogout, IconMailX, IconMessages, IconMoon, IconRoute, IconShieldLock, IconStack2, IconSun, IconTopologyStar3 } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { Link, Navigate, Route, Routes, useLocation } from 'react-router';
import { useFeed, type Connection } from './live/feed';
import { Acl } from './pages/Acl';
import { Approvals } from './pages/Approvals';
import { DeadLetters } from './pages/DeadLetters';
import { Service } from './pages/Service';
import { Services } from './pages/Services';
import { Topology } from './pages/Topology';
import { Traces } from './pages/Traces';
import { TurnPage } from './pages/Turn';
import { Turns } from './pages/Turns';

const sections = [
  { to: '/', label: 'Topology', Icon: IconTopologyStar3 },
  { to: '/services', label: 'Services', Icon: IconStack2 },
  { to: '/turns', label: 'Turns', Icon: IconMessages },
  { to: '/approvals', label: 'Approvals', Icon: IconChecklist },
  { to: '/traces', label: 'Traces', Icon: IconRoute },
  { to: '/dead-letters', label: 'Dead letters', Icon: IconMailX },
  { to: '/rights', label: 'Rights', Icon: IconShieldLock },
];

const connections: Record<Connection, { color: string; word: string; help: string }> = {
  connecting: { color: 'gray', word: 'Connecting', help: 'The live feed is being opened' },
  live: { color: 'teal', word: 'Live', help: 'Updated every second' },
  lost: { color: 'orange', word: 'Reconnecting', help: 'The live feed was lost; what you see is not current' },
};

function ConnectionBadge() {
  const { connection } = useFeed();
  const { color, word, help } = connections[connection];
  return (
    <Tooltip label={help}>
      <Badge variant="light" color={color} tt="none" fw={500} leftSection={<IconActivity size={12} aria-hidden />} role="status" aria-live="polite">{word}</Badge>
    </Tooltip>
  );
}

function SchemeButton() {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme();
  const other = scheme === 'dark' ? 'light' : 'dark';
  return (
    <Tooltip label={`Use ${other} colours`}>
      <ActionIcon variant="subtle" color="gray" size="lg" aria-label={`Use ${other} colours`} onClick={() => setColorScheme(other)}>
        {scheme === 'dark' ? <IconSun size={18} /> : <IconMoon size={18} />}
      </ActionIcon>
    </Tooltip>
  );
}

export function App({ onLogout }: { onLogout: () => void }) {
  const [isOpen, { toggle, close }] = useDisclosure(false);
  const { pathname } = useLocation();
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);

  // A new page begins at its top, also for those who hear it.
  useEffect(() => {
    close();
    if (!isFirst.current) main.current?.focus({ preventScroll: true });
    isFirst.current = false;
    window.scrollTo(0, 0);
  }, [pathname, close]);

  return (
    <>
      <a href="#main" className="skip-link">Skip to the content</a>
      <AppShell header={{ height: 52 }} navbar={{ width: 212, breakpoint: 'sm', collapsed: { mobile: !isOpen } }} padding={{ base: 'sm', sm: 'lg' }}>
        <AppShell.Header>
          <Group h="100%" px="md" justify="space-between" wrap="nowrap">
            <Group gap="sm" wrap="nowrap">
              <Burger opened={isOpen} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={isOpen ? 'Close navigation' : 'Open navigation'} />
              <Anchor component={Link} to="/" underline="never" c="var(--mantine-color-text)">
                <Group gap={8} wrap="nowrap"><img src="/favicon.svg" width={24} height={24} alt="" /><Text fw={650}>Parley</Text></Group>
              </Anchor>
            </Group>
            <Group gap={4} wrap="nowrap">
              <ConnectionBadge />
              <SchemeButton />
              <Tooltip label="Log out">
                <ActionIcon variant="subtle" color="gray" size="lg" aria-label="Log out" onClick={onLogout}><IconLogout size={18} /></ActionIcon>
              </Tooltip>
            </Group>
          </Group>
        </AppShell.Header>
        <AppShell.Navbar p="xs" aria-label="Sections">
          <Text size="xs" c="dimmed" px="sm" py={6} fw={600}>Broker</Text>
          {sections.map(({ to, label, Icon }) => {
            const isActive = to === '/' ? pathname === '/' : pathname.startsWith(to);
            return (
              <NavLink key={to} component={Link} to={to} label={label} active={isActive} aria-current={isActive ? 'page' : undefined} onClick={close}
                leftSection={<Icon size={18} stroke={1.6} aria-hidden />} style={{ borderRadius: 'var(--mantine-radius-md)' }} />
            );
          })}
        </AppShell.Navbar>
        <AppShell.Main id="main" ref={main} tabIndex={-1}>
          <Routes>
            <Route path="/" element={<Topology />} />
            <Route path="/services" element={<Services />} />
            <Route path="/services/:name" element={<Service />} />
            <Route path="/turns" element={<Turns />} />
            <Route path="/turns/:tenant/:conversation/:turn" element={<TurnPage />} />
            <Route path="/approvals" element={<Approvals />} />
            <Route path="/traces" element={<Traces />} />
            <Route path="/dead-letters" element={<DeadLetters />} />
            <Route path="/rights" element={<Acl />} />
            <Route path="*" element={<Navigate to="/" replace />} />
          </Routes>
        </AppShell.Main>
      </AppShell>
    </>
  );
}
