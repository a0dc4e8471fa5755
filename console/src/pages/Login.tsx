import { Alert, Button, Center, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { api, ApiError, unwrap, type Session } from '../api/client';

export function Login({ onLogin }: { onLogin: (session: Session) => void }) {
  const [token, setToken] = useState('');
  const login = useMutation({
    mutationFn: () => unwrap(api.POST('/api/session', { body: { token: token.trim() } })),
    onSuccess: onLogin,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    login.mutate();
  };
  const isWrong = login.error instanceof ApiError && login.error.status === 401;
  return (
    <Center mih="100dvh" p="md" component="main">
      <Paper withBorder p="xl" w="100%" maw={400}>
        <form onSubmit={submit}>
          <Stack gap="md">
            <Stack gap={4}>
              <img src="/favicon.svg" width={36} height={36} alt="" />
              <Title order={1} mt="xs">Parley console</Title>
              <Text size="sm" c="dimmed">
                Log in with the admin token: X_ADMIN_TOKEN, or the one in keys/admin.token of the data folder.
              </Text>
            </Stack>
            <PasswordInput label="Token" name="token" autoComplete="current-password" autoFocus required value={token}
              onChange={(event) => setToken(event.currentTarget.value)} error={isWrong ? 'This is not the token.' : undefined} />
            {login.error && !isWrong && <Alert color="red" role="alert">{login.error.message}</Alert>}
            <Button type="submit" loading={login.isPending} disabled={token.trim() === ''}>Log in</Button>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
}
