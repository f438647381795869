import { expect, test } from 'vitest';
import { startAgent, type TestAgent } from '../support/agent.ts';
import { ask, type Answer } from '../support/ask.ts';
import { eventually } from '../support/eventually.ts';
import { quickConfig, toldBy } from '../support/quick.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startWebhookServer } from '../support/webhook-server.ts';

function post({ url }: TestAgent, path: string, value: object): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  return ask(`${url}/api/v2${path}`, { method: 'POST', headers, body: JSON.stringify(value) });
}

async function listed({ url }: TestAgent): Promise<readonly { labels: object; status: object }[]> {
  const { body } = await ask(`${url}/api/v2/alerts`);
  return JSON.parse(body) as { labels: object; status: object }[];
}

const inAnHour = (): string => new Date(Date.now() + 3_600_000).toISOString();

test('what was posted and silenced is known after a kill -9, told once, and ends as it is posted', async () => {
  await using hook = await startWebhookServer();
  const directory = temporaryFolder();
  const config = quickConfig(hook.origin, []);
  await using first = await startAgent({ config, directory });
  const disk = { alertname: 'disk', job: 'node' };
  const quiet = { alertname: 'quiet', job: 'node' };
  const silence = await post(first, '/silences', {
    matchers: [{ name: 'alertname', value: 'quiet', isRegex: false }],
    startsAt: new Date().toISOString(),
    endsAt: inAnHour(),
    createdBy: 'test',
    comment: '',
  });
  expect(silence.status).toBe(200);
  const { silenceID } = JSON.parse(silence.body) as { silenceID: string };
  const endsAt = inAnHour();
  const answer = await post(first, '/alerts', [
    { labels: disk, endsAt },
    { labels: quiet, endsAt },
  ]);
  expect(answer).toMatchObject({ status: 200, body: '' });
  await eventually(() => toldBy(hook).length > 0, 'the alert is told');
  const later = { alertname: 'later', job: 'node' };
  expect(await post(first, '/alerts', [{ labels: later, endsAt }])).toMatchObject({ status: 200 });
  first.kill('SIGKILL');
  await first.exited;

  await using second = await startAgent({ directory, port: first.port });
  const alerts = await listed(second);
  expect(alerts.map(({ labels }) => labels)).toEqual(expect.arrayContaining([disk, quiet, later]));
  expect(
    alerts.find(({ labels }) => 'alertname' in labels && labels.alertname === 'quiet'),
  ).toMatchObject({ status: { state: 'suppressed', silencedBy: [silenceID] } });
  const told = (): string[] => toldBy(hook).map(({ what }) => what);
  await eventually(() => told().includes('firing later'), 'what was under way is told');
  const ended = new Date().toISOString();
  await post(
    second,
    '/alerts',
    [disk, quiet, later].map((labels) => ({ labels, endsAt: ended })),
  );
  await eventually(
    () => told().includes('resolved disk') && told().includes('resolved later'),
    'the ends are told',
  );
  // The message of the last one may have been under way when the agent was killed: then it comes twice.
  expect([...new Set(told())].toSorted()).toEqual([
    'firing disk',
    'firing later',
    'resolved disk',
    'resolved later',
  ]);
  expect(told().filter((what) => what === 'firing disk')).toHaveLength(1);
  expect(await listed(second)).toEqual([]);
});
