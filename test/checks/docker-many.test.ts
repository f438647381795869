import { expect, test } from 'vitest';
import { docker } from '../../src/checks/docker.ts';
import { containersRefreshedMax } from '../../src/model/limits.ts';
import { fakeEngine, podmanVersion } from '../support/container-engine.ts';
import { createFakeClock } from '../support/fake-clock.ts';
import { openedCheck } from '../support/host-check.ts';

const count = 60;
const list = '/v1.41/containers/json?all=1';
const ids = Array.from({ length: count }, (_, index) => `c${index}`);

/** An engine with many containers, all of them up for as long as the words say, and a check of them. */
async function manyContainers(words = 'Up 3 hours') {
  const clock = createFakeClock({ wallMs: Date.UTC(2026, 0, 1, 12) });
  const listed = new Map(
    ids.map((id) => [
      id,
      { Id: id, Names: [`/${id}`], State: 'running', Status: words, Labels: null },
    ]),
  );
  const state = { Status: 'running', StartedAt: '2026-01-01T08:30:00Z' };
  const answers: Record<string, unknown> = { '/version': podmanVersion };
  const inspected = (id: string): string => `/v1.41/containers/${id}/json`;
  for (const id of ids) answers[inspected(id)] = { Id: id, Name: `/${id}`, State: state };
  const { host, asked } = await fakeEngine(answers);
  const check = openedCheck(docker, { host }, { clock });
  const look = async () => {
    answers[list] = [...listed.values()];
    asked.length = 0;
    const result = await check.run();
    await clock.advance(30_000);
    const inspections = asked.filter((one) => one.endsWith('/json') && !one.includes('?'));
    return { result, inspections: inspections.map((one) => one.split('/')[3] ?? '') };
  };
  const change = (id: string, said: object, seen: object): void => {
    const before = listed.get(id);
    if (before !== undefined) listed.set(id, { ...before, ...said });
    answers[inspected(id)] = { Id: id, Name: `/${id}`, State: { ...state, ...seen } };
  };
  return { look, change };
}

test('many containers cost a list and a few inspections, and each has its turn', async () => {
  const { look } = await manyContainers();
  const first = await look();
  expect(first.result.summary).toBe(
    `Podman 4.3.1: ${count} of ${count} containers run, all is well`,
  );
  expect(first.inspections).toEqual(ids);
  const seen = new Set<string>();
  for (let run = 0; run < count / containersRefreshedMax; run += 1) {
    const { result, inspections } = await look();
    expect(result.status).toBe('ok');
    expect(inspections).toHaveLength(containersRefreshedMax);
    for (const id of inspections) seen.add(id);
  }
  expect(seen.size).toBe(count);
});

test('of many containers those are inspected at once of which the list has news', async () => {
  const { look, change } = await manyContainers();
  await look();
  change(
    'c59',
    { Status: 'Up 3 hours (unhealthy)' },
    { Health: { Status: 'unhealthy', Log: null } },
  );
  const sick = await look();
  expect(sick.inspections).toContain('c59');
  expect(sick.result.summary).toBe('container c59 runs, but its health check fails');
  change(
    'c59',
    { State: 'exited', Status: 'Exited (7) 2 minutes ago' },
    { Status: 'exited', ExitCode: 7 },
  );
  expect((await look()).result.summary).toBe('container c59 has ended: exit code 7');
  // Restarted between two looks: it runs as before, but not for as long.
  change('c58', { Status: 'Up 5 minutes' }, { StartedAt: '2026-01-01T11:55:00Z' });
  expect((await look()).inspections).toContain('c58');
  change('c57', { Status: 'Up 20 seconds' }, { StartedAt: '2026-01-01T12:01:50Z' });
  expect((await look()).inspections).toContain('c57');
});

test.each([
  ['Up 3 hours', 0],
  ['Up 4 hours', 0],
  ['Up About an hour', count],
  ['Up 3 hours (healthy)', 0],
  ['running for long', count],
])('containers that are listed as "%s" are news or not', async (words, news) => {
  const { look } = await manyContainers(words);
  await look();
  expect((await look()).inspections).toHaveLength(Math.max(news, containersRefreshedMax));
});
