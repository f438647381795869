import { expect, test } from 'vitest';
import { noon, sampleAlert, sampleDelivery } from '../support/sample-delivery.ts';
import { sendThrough } from '../support/send-through.ts';

async function printed(changes: Parameters<typeof sampleDelivery>[0]): Promise<string> {
  let output = '';
  await sendThrough('terminal', {}, sampleDelivery(changes), {
    write: (text) => void (output += text),
  });
  return output;
}

test('a notification is one readable block', async () => {
  expect(await printed({ alerts: [sampleAlert({ detail: ['connect 2ms', 'answer 502'] })] })).toBe(
    [
      '2025-01-15 12:00:00 UTC  🔴 gateway is down on web-1',
      '  HTTP 502 from http://127.0.0.1:18789/health, expected 200',
      '  since 2025-01-15 11:59:00 UTC (1m)',
      '    connect 2ms',
      '    answer 502',
      '',
    ].join('\n'),
  );
});

test('what has resolved says how it is now before what it was', async () => {
  const description = 'HTTP 502 from http://127.0.0.1:18789/health, expected 200';
  const annotations = { summary: 'The gateway does not answer', description, resolved: 'HTTP 200' };
  const alert = sampleAlert({ annotations, endsAt: noon, detail: ['what nobody has to read now'] });
  expect(await printed({ alerts: [alert], reason: 'all alerts resolved' })).toBe(
    [
      '2025-01-15 12:00:00 UTC  ✅ gateway is back on web-1 after 1m',
      '  HTTP 200',
      `  was: ${description}`,
      '  from 2025-01-15 11:59:00 UTC to 2025-01-15 12:00:00 UTC (1m)',
      '',
    ].join('\n'),
  );
});

test('several alerts are told one by one', async () => {
  const alerts = [sampleAlert(), sampleAlert({ labels: { check: 'disk', severity: 'warning' } })];
  const output = await printed({ alerts });
  expect(output).toContain('\n  🔴 gateway\n');
  expect(output).toContain('\n  🟠 disk\n');
});

test('the output of a check cannot steer the terminal', async () => {
  const alert = sampleAlert({ detail: ['\u{1b}]0;owned\u{7}\r\u{9b}2J'] });
  const output = await printed({ alerts: [alert] });
  expect(output).not.toMatch(/[^\P{Cc}\n]/u);
});
