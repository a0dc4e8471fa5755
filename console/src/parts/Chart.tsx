// A small time chart on uPlot: the last two minutes, redrawn with each snapshot.
import { Box, Group, Paper, Text, useComputedColorScheme } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

export interface Line {
  label: string;
  color: string; // of the theme: "teal"
  values: number[];
}

const height = 132;

function colorOf(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--mantine-color-${name}-6`).trim() || '#888';
}

export function Chart({ title, unit, at, lines, format }: {
  title: string;
  unit: string;
  at: number[];
  lines: Line[];
  format: (value: number) => string;
}) {
  const scheme = useComputedColorScheme();
  const { ref, width } = useElementSize();
  const target = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const labels = lines.map((line) => `${line.label}:${line.color}`).join();
  const data: uPlot.AlignedData = [at, ...lines.map((line) => line.values)];

  useEffect(() => {
    if (!target.current || width === 0) return undefined;
    const ink = scheme === 'dark' ? '#909296' : '#868e96';
    const grid = { stroke: scheme === 'dark' ? '#2e2e2e' : '#eef0f2', width: 1 };
    const ticks = { show: false };
    const options: uPlot.Options = {
      width, height,
      cursor: { show: false }, legend: { show: false },
      scales: { x: { time: true }, y: { range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.15 : 1] } },
      axes: [
        { stroke: ink, grid: { show: false }, ticks, font: '11px system-ui', size: 26, space: 70,
          values: (_, splits) => splits.map((at) => new Date(at * 1000).toLocaleTimeString(undefined, { minute: '2-digit', second: '2-digit' })) },
        { stroke: ink, grid, ticks, font: '11px system-ui', size: 52, space: 30, values: (_, splits) => splits.map((value) => format(value)) },
      ],
      series: [{}, ...lines.map((line) => ({ stroke: colorOf(line.color), width: 1.75, points: { show: false } }))],
    };
    const made = new uPlot(options, data, target.current);
    plot.current = made;
    return () => { made.destroy(); plot.current = undefined; };
    // The data is set below; a new plot is needed for a new size, scheme or set of lines only.
  }, [width, scheme, labels]);

  useEffect(() => { plot.current?.setData(data); });

  return (
    <Paper withBorder p="sm" component="figure" m={0} aria-label={`${title}, last two minutes`}>
      <Group justify="space-between" gap="xs" mb={4} component="figcaption">
        <Text size="sm" fw={500}>{title} <Text span size="xs" c="dimmed">{unit}</Text></Text>
        <Group gap="sm">
          {lines.map((line) => (
            <Group key={line.label} gap={4}>
              <Box w={10} h={3} bg={`${line.color}.6`} style={{ borderRadius: 2 }} aria-hidden />
              <Text size="xs" c="dimmed">{line.label} <Text span size="xs" c="var(--mantine-color-text)">{line.values.length > 0 ? format(line.values.at(-1) ?? 0) : '–'}</Text></Text>
            </Group>
          ))}
        </Group>
      </Group>
      <div ref={ref}><div ref={target} style={{ minHeight: height }} aria-hidden /></div>
    </Paper>
  );
}
