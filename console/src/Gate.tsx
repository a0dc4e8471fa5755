// Who is logged in: asks for the session, shows the login or the console, opens and closes the feed.
import { Center, Loader } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect } from 'react';
import { App } from './App';
import { api, ApiError, setCsrfToken, setLoggedOutHandler, unwrap, type Session } from './api/client';
import { feedStore, useFeed } from './live/feed';
import { Login } from './pages/Login';
import { Failed } from './parts/States';

const key = ['session'];

async function readSession(): Promise<Session | null> {
  try {
    return await unwrap(api.GET('/api/session'));
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null;
    throw error;
  }
}

export function Gate() {
  const client = useQueryClient();
  const session = useQuery({ queryKey: key, queryFn: readSession, staleTime: Infinity, retry: false });
  const { connection } = useFeed();
  const isIn = Boolean(session.data);

  const leave = useCallback(() => {
    feedStore.stop();
    client.setQueryData(key, null);
    client.removeQueries({ predicate: (query) => query.queryKey[0] !== key[0] });
  }, [client]);

  useEffect(() => setLoggedOutHandler(leave), [leave]);
  if (session.data) setCsrfToken(session.data.csrf_token);
  useEffect(() => {
    if (isIn) feedStore.start();
    else feedStore.stop();
  }, [isIn]);
  // A feed that is lost may be a session that is over.
  useEffect(() => {
    if (connection === 'lost') void client.invalidateQueries({ queryKey: key });
  }, [connection, client]);

  if (session.data) return <App onLogout={() => void unwrap(api.DELETE('/api/session')).finally(leave)} />;
  if (session.isPending) return <Center mih="100dvh"><Loader aria-label="Loading" /></Center>;
  if (session.error) return <Center mih="100dvh" p="md"><Failed error={session.error} retry={() => void session.refetch()} /></Center>;
  return <Login onLogin={(made) => client.setQueryData(key, made)} />;
}
