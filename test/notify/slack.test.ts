import { expect, test } from 'vitest';
import { noon, sampleAlert, sampleDelivery } from '../support/sample-delivery.ts';
import { sendThrough } from '../support/send-through.ts';
import { type SlackPayload, startSlackServer } from '../support/slack-server.ts';

/** Sends and gives the message as Slack took it. */
async function told(
  changes: Parameters<typeof sampleDelivery>[0],
  options: Readonly<Record<string, string>> = {},
): Promise<SlackPayload> {
  await using server = await startSlackServer();
  const outcome = await sendThrough(
    'slack',
    { api_url: server.url, ...options },
    sampleDelivery(changes),
    { externalURL: 'http://web-1:9860/' },
  );
  expect(outcome).toEqual({ kind: 'delivered', detail: 'ok' });
  const [message] = server.messages();
  if (message === undefined) throw new Error('Slack took nothing');
  return message;
}

test('one failure is a headline and a red panel with why, since when and the log', async () => {
  const alert = sampleAlert({
    annotations: {
      description: 'HTTP 502, expected 200',
      runbook_url: 'https://example.com/book?a=1&b=2',
    },
    labels: { target: 'http://127.0.0.1:18789/health' },
    detail: ['resolve 1ms', 'connect 2ms'],
  });
  const { text, attachments } = await told({ alerts: [alert] });
  expect(text).toBe('🔴 gateway is down on web-1');
  const [panel] = attachments;
  expect(panel).toMatchObject({ color: '#d40e0d', fallback: text });
  const blocks = JSON.stringify(panel?.blocks);
  expect(blocks).toContain('HTTP 502, expected 200');
  expect(blocks).toContain(
    '<!date^1736942340^{date_short_pretty} {time_secs}|2025-01-15T11:59:00.000Z> (1m)',
  );
  expect(blocks).toContain('*Host*\\nweb-1');
  expect(blocks).toContain('*Check*\\nhttp http://127.0.0.1:18789/health');
  expect(blocks).toContain('<https://example.com/book?a=1&amp;b=2|open>');
  expect(blocks).toContain('```\\nresolve 1ms\\nconnect 2ms\\n```');
});

test.for([
  ['warning', '#e8912d'],
  ['info', '#439fe0'],
] as const)('severity %s has the colour %s', async ([severity, color]) => {
  const { attachments } = await told({ alerts: [sampleAlert({ labels: { severity } })] });
  expect(attachments[0]?.color).toBe(color);
});

test('a recovery is green, and leaves out the log of what was wrong', async () => {
  const alert = sampleAlert({ endsAt: noon, detail: ['log of web.service:'] });
  const { attachments } = await told({ alerts: [alert] });
  expect(attachments[0]?.color).toBe('#2eb67d');
  expect(JSON.stringify(attachments)).not.toContain('log of');
});

test('the look of the message comes from the configuration', async () => {
  const look = { channel: '#ops', username: 'tocsin', icon_emoji: ':bell:' };
  expect(await told({}, look)).toMatchObject(look);
});

test('more alerts than fit end in how many there are besides', async () => {
  const alerts = Array.from({ length: 300 }, (_, number) =>
    sampleAlert({ labels: { check: `check-${number}` }, detail: ['x'.repeat(400)] }),
  );
  const { attachments } = await told({ alerts });
  expect(JSON.stringify(attachments)).toContain('… and 276 more');
});

test('everything that is too long is cut, and taken by Slack', async () => {
  const long = '<&👩‍👩‍👧@here ```'.repeat(2000);
  const alert = sampleAlert({
    labels: { check: long, host: long, target: long },
    annotations: { summary: long, description: long, runbook_url: `https://example.com/${long}` },
    detail: Array.from({ length: 40 }, () => long),
  });
  await told({ alerts: [alert] });
  await told({ alerts: [alert, sampleAlert()] });
});

test('the output of a check calls nobody and opens nothing', async () => {
  const nasty = '<!channel> @here <@U012AB3CD> <https://evil.example|log in> ``` @everyone';
  const alert = sampleAlert({ annotations: { description: nasty }, detail: [nasty] });
  const all = JSON.stringify(await told({ alerts: [alert] }));
  expect(all).not.toMatch(/<!(?!date)|<@|<https:\/\/evil|@here|@everyone/);
  expect(all.split('```')).toHaveLength(3);
});

test.for([
  [
    { status: 200, body: 'invalid_payload' },
    { kind: 'permanent', reason: 'client_error' },
  ],
  [
    { status: 200, body: 'channel_is_archived' },
    { kind: 'permanent', reason: 'not_found' },
  ],
  [
    { status: 200, body: '<html>log in</html>' },
    { kind: 'passing', reason: 'protocol' },
  ],
  ['half a body', { kind: 'passing', reason: 'protocol', detail: 'HTTP 200, cut off' }],
  [{ status: 200, body: '{"ok":true}' }, { kind: 'delivered' }],
  [
    { status: 400, body: 'invalid_blocks' },
    { kind: 'permanent', reason: 'client_error' },
  ],
  [
    { status: 403, body: 'action_prohibited' },
    { kind: 'permanent', reason: 'auth' },
  ],
  [
    { status: 404, body: 'no_team' },
    { kind: 'permanent', reason: 'not_found' },
  ],
  [
    { status: 410, body: 'channel_is_archived' },
    { kind: 'permanent', reason: 'not_found' },
  ],
  [
    { status: 429, headers: { 'retry-after': '30' }, body: 'rate_limited' },
    { kind: 'passing', reason: 'rate_limited', retryAfterMs: 30_000 },
  ],
  [
    { status: 500, body: 'rollup_error' },
    { kind: 'passing', reason: 'server_error' },
  ],
  ['reset', { kind: 'passing', reason: 'connect' }],
] as const)('an answer %j is judged %j, after one request', async ([fault, outcome]) => {
  await using server = await startSlackServer();
  server.script(fault);
  expect(await sendThrough('slack', { api_url: server.url })).toMatchObject(outcome);
  expect(server.requests).toHaveLength(1);
});

test('a Slack that hangs is given up at the timeout', async () => {
  await using server = await startSlackServer();
  server.script('hang');
  const outcome = await sendThrough('slack', { api_url: server.url }, sampleDelivery(), {
    timeoutMs: 100,
  });
  expect(outcome).toMatchObject({ kind: 'passing', reason: 'timeout' });
});

test('requests name tocsin', async () => {
  await using server = await startSlackServer();
  await sendThrough('slack', { api_url: server.url });
  expect(server.requests[0]?.headers['user-agent']).toBe('tocsin/0.0.0-test');
});
