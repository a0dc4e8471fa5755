import { Text } from '@mantine/core';
import { modals } from '@mantine/modals';

// Asks before a command; focus is on Cancel, Escape closes.
export function confirm({ title, text, label, isDangerous = false, run }: {
  title: string;
  text: string;
  label: string;
  isDangerous?: boolean;
  run: () => void;
}): void {
  modals.openConfirmModal({
    title,
    centered: true,
    children: <Text size="sm">{text}</Text>,
    labels: { confirm: label, cancel: 'Cancel' },
    confirmProps: { color: isDangerous ? 'red' : 'teal' },
    cancelProps: { 'data-autofocus': true },
    onConfirm: run,
  });
}
