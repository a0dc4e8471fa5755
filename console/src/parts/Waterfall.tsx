// Bars over time: one row each, with its start and length in numbers for those who cannot see them.
import { Text } from '@mantine/core';
import { micros } from './format';

export interface Bar { startUs: number; endUs: number; color: string; label: string }
export interface WaterfallRow { key: string; name: string; detail?: string; depth?: number; bars: Bar[]; tookUs: number; isBad?: boolean }

export function Waterfall({ rows, label }: { rows: WaterfallRow[]; label: string }) {
  const start = Math.min(...rows.flatMap((row) => row.bars.map((bar) => bar.startUs)));
  const end = Math.max(...rows.flatMap((row) => row.bars.map((bar) => bar.endUs)), start + 1);
  const part = (us: number): string => `${((us - start) / (end - start)) * 100}%`;
  return (
    <div className="waterfall" role="list" aria-label={label}>
      {rows.map((row) => (
        <div className="span" role="listitem" key={row.key}>
          <Text size="sm" className="clip name" pl={(row.depth ?? 0) * 14} {...(row.isBad ? { c: 'red' } : {})} title={row.detail ?? row.name}>
            {row.name}{row.detail && <Text span size="xs" c="dimmed"> {row.detail}</Text>}
          </Text>
          <div className="track" role="img" aria-label={row.bars.map((bar) => `${bar.label} from ${micros(bar.startUs - start)} for ${micros(bar.endUs - bar.startUs)}`).join(', ')}>
            {row.bars.map((bar, index) => (
              <div key={index} className="bar" title={`${bar.label}: ${micros(bar.endUs - bar.startUs)}`}
                style={{ left: part(bar.startUs), width: `max(2px, ${((bar.endUs - bar.startUs) / (end - start)) * 100}%)`, background: `var(--mantine-color-${bar.color})` }} />
            ))}
          </div>
          <Text size="xs" className="number took">{micros(row.tookUs)}</Text>
        </div>
      ))}
    </div>
  );
}
