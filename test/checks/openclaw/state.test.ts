import { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openclawOf } from '../../../src/checks/openclaw.ts';
import type { PartFinding } from '../../../src/model/result.ts';
import { openedCheck, rememberingChecks } from '../../support/host-check.ts';
import { startGateway, type StandInGateway } from '../../support/openclaw-gateway.ts';

async function watched() {
  const gateway = await startGateway();
  const keys = { state_dir: gateway.stateFolder };
  const check = openedCheck(openclawOf(gateway.places), keys, { memory: rememberingChecks() });
  const part = async (name: string): Promise<PartFinding | undefined> =>
    (await check.run()).findings?.find((one) => one.part === name);
  return { gateway, part };
}

const minuteMs = 60_000;

describe('a job of the gateway', () => {
  test.each([
    ['is overdue', { nextRunAtMs: -6 * minuteMs }, 'critical', 'backup should have started 6m ago'],
    ['may be a little late', { nextRunAtMs: -4 * minuteMs }, 'ok', ''],
    [
      'is not overdue while it runs',
      { nextRunAtMs: -60 * minuteMs, runningAtMs: -60_000 },
      'ok',
      '',
    ],
    [
      'runs too long',
      { runningAtMs: -66 * minuteMs },
      'critical',
      'backup has been running for 1h 6m',
    ],
    [
      'fails again and again',
      { consecutiveErrors: 3 },
      'warning',
      'backup has failed 3 times in a row',
    ],
    [
      'fails ten times',
      { consecutiveErrors: 10 },
      'critical',
      'backup has failed 10 times in a row',
    ],
  ])('%s', async (_, state, status, summary) => {
    const { gateway, part } = await watched();
    const times = Object.entries(state).map(([key, value]) => [
      key,
      key.endsWith('AtMs') ? Date.now() + value : value,
    ]);
    gateway.addJob('backup', Object.fromEntries(times) as object);
    const found = await part('cron_jobs');
    expect(found?.summary).toContain(summary);
    expect(found?.status).toBe(status);
  });

  test('that was planned far ahead of its interval is a warning', async () => {
    const { gateway, part } = await watched();
    const schedule = { kind: 'every', everyMs: 30 * minuteMs };
    gateway.addJob('beat', { nextRunAtMs: Date.now() + 86_400_000 }, { schedule });
    expect(await part('cron_jobs')).toMatchObject({
      status: 'warning',
      summary: expect.stringMatching(/^beat runs every 30m, but next only in (?:24h|1d|23h 59m)/),
    });
  });

  test('that went missing, or is there twice, is a warning', async () => {
    const { gateway, part } = await watched();
    await part('cron_jobs');
    gateway.database.exec(`DELETE FROM cron_jobs WHERE name = 'dreaming'`);
    expect((await part('cron_jobs'))?.summary).toContain(
      'there are 2 jobs, and there were 3 until',
    );
    expect((await part('cron_jobs'))?.status).toBe('warning');
    gateway.addJob('dreaming', {});
    expect((await part('cron_jobs'))?.status).toBe('ok');
    gateway.database.exec(`INSERT INTO cron_jobs SELECT store_key, 'again', name, enabled,
      payload_kind, job_json, state_json, updated_at FROM cron_jobs WHERE name = 'dreaming'`);
    expect((await part('cron_jobs'))?.summary).toContain(
      'there twice, with one schedule: dreaming',
    );
  });

  test('is found in the file of older versions, which have no database', async () => {
    const { gateway, part } = await watched();
    gateway.database.exec('DROP TABLE cron_jobs');
    const late = { name: 'old', state: { nextRunAtMs: Date.now() - 6 * minuteMs } };
    await gateway.write('cron/jobs.json', { version: 1, jobs: [late, { name: 'other' }] });
    expect((await part('cron_jobs'))?.summary).toContain('old should have started 6m ago');
    await gateway.remove('cron');
    expect(await part('cron_jobs')).toMatchObject({
      status: 'ok',
      summary: 'this version does not offer that',
    });
  });
});

describe('credentials', () => {
  const keep = (gateway: StandInGateway, usageStats: object): void => {
    const state = JSON.stringify({ version: 1, usageStats });
    gateway.database.exec('DELETE FROM config_machine_state');
    const insert = gateway.database.prepare('INSERT INTO config_machine_state VALUES (?, ?, 0)');
    insert.run('authProfiles.state', state);
    insert.run('authProfiles.store', '{"key":"sk-never-to-be-seen"}');
  };

  test('in cooldown are a warning while another is left, and critical otherwise', async () => {
    const { gateway, part } = await watched();
    const cold = { cooldownUntil: Date.now() + 30_000, cooldownReason: 'auth' };
    keep(gateway, { 'fake:a': cold, 'fake:b': {} });
    const warned = await part('credentials');
    expect(warned).toMatchObject({ status: 'warning', reason: 'auth' });
    expect(warned?.summary).toMatch(/^fake:a is in cooldown for another (?:30|29)s \(auth\)$/);
    keep(gateway, { 'fake:a': cold });
    expect((await part('credentials'))?.status).toBe('critical');
    keep(gateway, { 'fake:a': { cooldownUntil: Date.now() - 1 } });
    expect((await part('credentials'))?.status).toBe('ok');
  });

  test('that are disabled for billing are critical', async () => {
    const { gateway, part } = await watched();
    keep(gateway, {
      'fake:a': { disabledUntil: Date.now() + 600_000, disabledReason: 'billing' },
      'fake:b': {},
    });
    expect((await part('credentials'))?.summary).toMatch(/^fake:a is disabled .*\(billing\)$/);
  });

  test('that fail each time they are tried again are critical between two cooldowns', async () => {
    const { gateway, part } = await watched();
    for (const ago of [3, 2, 1]) {
      keep(gateway, { 'fake:a': { lastFailureAt: Date.now() - ago * minuteMs } });
      await part('credentials');
    }
    expect((await part('credentials'))?.summary).toBe('fake:a has failed 3 times within 15m');
  });

  test('of one agent are read from its own database, and from the files of older versions', async () => {
    const { gateway, part } = await watched();
    await gateway.write('agents/main/agent/auth-profiles.json', {
      profiles: { 'old:a': { key: 'sk-never-to-be-seen' } },
      usageStats: { 'old:a': { cooldownUntil: Date.now() + 600_000 } },
    });
    const found = await part('credentials');
    expect(found?.summary).toContain('old:a of agent main is in cooldown');
    expect(JSON.stringify(found)).not.toContain('sk-never');
    const path = join(gateway.stateFolder, 'agents/main/agent/openclaw-agent.sqlite');
    const database = new DatabaseSync(path);
    database.exec(`CREATE TABLE auth_profile_state (state_key TEXT NOT NULL PRIMARY KEY,
      state_json TEXT NOT NULL, updated_at INTEGER NOT NULL) STRICT`);
    const state = { usageStats: { 'new:b': { disabledUntil: Date.now() + 600_000 } } };
    database
      .prepare(`INSERT INTO auth_profile_state VALUES ('primary', ?, 0)`)
      .run(JSON.stringify(state));
    database.close();
    expect((await part('credentials'))?.summary).toContain('new:b of agent main is disabled');
  });
});
