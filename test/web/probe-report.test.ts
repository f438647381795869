import { expect, test } from 'vitest';
import { createProbeLog, probeExposition } from '../../src/web/probe-report.ts';
import { ok } from '../../src/model/result.ts';
import { probeLogLinesMax } from '../../src/model/limits.ts';

const at = (): Date => new Date('2026-01-02T03:04:05.678Z');

test('a line has its time and level, and what is asked for only at its level', () => {
  const log = createProbeLog({ module: 'web', target: 'a b' }, 'info', at);
  log.add('debug', 'not shown');
  log.add('info', 'said "so"', { seconds: 1.5 });
  expect(log.text()).toBe(
    'time=2026-01-02T03:04:05.678Z level=info module=web target="a b" msg="said \\"so\\"" seconds=1.5\n',
  );
});

test('of a flood the beginning and the end are kept', () => {
  const log = createProbeLog({ module: 'web', target: 'a' }, 'info', at);
  for (let line = 0; line < 1000; line += 1) log.add('info', `line${line}`);
  const lines = log.text().trimEnd().split('\n');
  expect(lines).toHaveLength(probeLogLinesMax);
  expect([lines[0], lines.at(-1)].map((line) => line?.split('msg=')[1])).toEqual([
    'line0',
    'line999',
  ]);
});

test('families are sorted by name, and their samples by label', () => {
  const families = [
    {
      name: 'probe_b',
      help: 'B.',
      samples: [
        { labels: { phase: 'tls' }, value: 0 },
        { labels: { phase: 'connect' }, value: 1e-5 },
      ],
    },
    { name: 'probe_a_info', help: 'A.', samples: [{ labels: { name: '' }, value: 1 }] },
    { name: 'probe_empty', help: 'None.', samples: [] },
  ];
  const text = probeExposition(ok('fine', { families }), 0.25, 9.5);
  expect(text.split('\n').filter((line) => !line.startsWith('#'))).toEqual([
    'probe_a_info{name=""} 1',
    'probe_b{phase="connect"} 1e-05',
    'probe_b{phase="tls"} 0',
    'probe_duration_seconds 0.25',
    'probe_success 1',
    'probe_timeout_seconds 9.5',
    '',
  ]);
});
