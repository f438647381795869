import { expect, test } from 'vitest';
import { eventually } from '../../support/eventually.ts';
import { rememberingChecks } from '../../support/host-check.ts';
import { never, startGateway } from '../../support/openclaw-gateway.ts';
import { watchGateway, type Watched } from '../../support/openclaw-watch.ts';

const hourMs = 3_600_000;
const questions = ({ gateway }: Watched): number =>
  gateway.asked.filter(({ method }) => method === 'agent').length;

/** Lets a question be asked and answered, and then looks at what came of it. */
async function answered(watched: Watched, count: number) {
  await eventually(() => questions(watched) === count, 'the question is asked');
  await eventually(() => watched.gateway.connections().open === 1, 'the line for it is closed');
  return watched.part('canary', 15_000);
}

test('a question to the agent is off unless it is wanted', async () => {
  const watched = await watchGateway();
  expect((await watched.look()).findings?.some(({ part }) => part === 'canary')).toBe(false);
  await watched.look(2 * hourMs);
  expect(questions(watched)).toBe(0);
});

test('a question is asked once an hour, on a line of its own, with the right to write', async () => {
  const watched = await watchGateway(['handshake', 'canary'], { canary: {} });
  await watched.look();
  const found = await answered(watched, 1);
  expect(found).toMatchObject({ status: 'ok' });
  expect(found?.summary).toMatch(/^the agent answered within /);
  const { gateway } = watched;
  expect(gateway.asked.find(({ method }) => method === 'agent')?.params).toMatchObject({
    agentId: 'main',
    modelRun: true,
    deliver: false,
  });
  const logins = gateway.asked.filter(({ method }) => method === 'connect');
  expect(logins.map(({ params }) => params.scopes)).toEqual([
    ['operator.read'],
    ['operator.write'],
  ]);
  await watched.look(30 * 60_000);
  expect(questions(watched)).toBe(1);
  await watched.look(hourMs);
  await answered(watched, 2);
});

test('one answer that is missing is only said, two in a row are critical, and name the cause', async () => {
  const watched = await watchGateway(['handshake', 'canary'], { canary: {} });
  const error = 'Authentication failed (provider returned HTTP 401)';
  watched.gateway.calls.set('agent.wait', { status: 'error', error });
  await watched.look();
  expect(await answered(watched, 1)).toMatchObject({
    status: 'ok',
    summary: `the last question was not answered: ${error}`,
  });
  await watched.look(hourMs);
  expect(await answered(watched, 2)).toMatchObject({
    status: 'critical',
    summary: `the agent did not answer 2 questions in a row: ${error}`,
  });
  watched.gateway.calls.set('agent.wait', { status: 'ok' });
  await watched.look(hourMs);
  expect((await answered(watched, 3))?.status).toBe('ok');
});

test('an answer that does not come within five minutes is missing, and nothing else waits for it', async () => {
  const watched = await watchGateway(['handshake', 'cron', 'canary'], { canary: {} });
  watched.gateway.calls.set('agent.wait', never);
  await watched.look();
  await eventually(() => questions(watched) === 1, 'the question is asked');
  await eventually(
    () => watched.gateway.asked.some(({ method }) => method === 'agent.wait'),
    'its answer is waited for',
  );
  expect((await watched.part('cron', 15_000))?.status).toBe('ok');
  await watched.clock.advance(310_000);
  await eventually(() => watched.gateway.connections().open === 1, 'the line for it is closed');
  expect((await watched.part('canary', 15_000))?.summary).toContain('no answer within 5m');
});

test('no more questions are asked than the budget of the day allows, over restarts as well', async () => {
  const memory = rememberingChecks();
  const keys = { canary: { every: '10m', budget_per_day: 1 } };
  const gateway = await startGateway();
  const watched = await watchGateway(['handshake', 'canary'], keys, { gateway, memory });
  await watched.look();
  await answered(watched, 1);
  expect((await watched.part('canary', 700_000))?.summary).toContain('no question is left today');
  watched.check.open.close?.();
  await eventually(() => gateway.connections().open === 0, 'the first agent is gone');
  const again = await watchGateway(['handshake', 'canary'], keys, { gateway, memory });
  await again.look();
  await again.look(700_000);
  expect(questions(again)).toBe(1);
});

test('a token that only lets read is unknown, says which right is lacking, and costs nothing', async () => {
  const watched = await watchGateway(['handshake', 'canary'], { canary: {} });
  watched.gateway.grants = ['operator.read'];
  await watched.look();
  expect(await answered(watched, 1)).toMatchObject({
    status: 'unknown',
    reason: 'permission',
    summary: expect.stringContaining('operator.write'),
  });
});
