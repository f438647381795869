import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openclawOf } from '../../../src/checks/openclaw.ts';
import { settingsChecksum } from '../../../src/checks/openclaw/settings-checksum.ts';
import { parseProcessStat } from '../../../src/checks/host/process-stat.ts';
import { openedCheck, valuesOf } from '../../support/host-check.ts';
import { startGateway, type StandInGateway } from '../../support/openclaw-gateway.ts';
import { startProgram } from '../../support/own-program.ts';

async function watched(cron: 'leader' | 'standby' | 'any') {
  const gateway = await startGateway();
  const check = openedCheck(openclawOf(gateway.places), { state_dir: gateway.stateFolder, cron });
  const look = async () => {
    const result = await check.run();
    const found = (name: string) => result.findings?.find(({ part }) => part === name);
    return { result, cron: found('cron'), jobs: found('cron_jobs') };
  };
  return { gateway, look };
}

const off = { enabled: false, jobs: 3, nextWakeAtMs: null };
const late = { nextRunAtMs: Date.now() - 3_600_000 };

describe('one gateway of several', () => {
  test('that stands by is well without cron, and lets the times of its jobs pass', async () => {
    const { gateway, look } = await watched('standby');
    gateway.calls.set('cron.status', off);
    gateway.addJob('backup', late);
    const { result, cron, jobs } = await look();
    expect(cron).toMatchObject({
      status: 'ok',
      summary: 'runs no jobs: cron is switched off, as it may be (cron: standby)',
    });
    expect(jobs?.status).toBe('ok');
    expect(valuesOf(result)).toMatchObject({ 'cron.enabled': 0, 'cron.jobs': 3 });
  });

  test('that is to stand by and runs jobs is critical', async () => {
    const { look } = await watched('standby');
    const { result, cron } = await look();
    expect(cron).toMatchObject({ status: 'critical', reason: 'status' });
    expect(cron?.summary).toMatch(/^runs jobs, and is to stand by: .*no other value$/);
    expect(valuesOf(result)).toMatchObject({ 'cron.enabled': 1 });
  });

  test('that may do either is well both ways, and its jobs are late only where it runs them', async () => {
    const { gateway, look } = await watched('any');
    expect((await look()).cron?.status).toBe('ok');
    gateway.addJob('backup', late);
    expect((await look()).jobs?.summary).toContain('backup should have started');
    await ownedByOther(gateway, { OPENCLAW_SKIP_CRON: 'true' });
    expect((await look()).jobs?.summary).toContain('backup should have started');
    await ownedByOther(gateway, { OPENCLAW_SKIP_CRON: '1' });
    expect((await look()).jobs?.status).toBe('ok');
  });

  test('tells what it can be compared by', async () => {
    const { gateway, look } = await watched('any');
    gateway.database.exec('PRAGMA user_version = 18; PRAGMA wal_checkpoint(TRUNCATE)');
    const { result } = await look();
    expect(result.facts).toEqual([
      { name: 'startup.version', text: '2026.9.6' },
      { name: 'config.checksum', text: expect.stringMatching(/^[\da-f]{12}$/) },
      { name: 'handshake.version', text: '2026.9.6' },
    ]);
    expect(valuesOf(result)).toMatchObject({ 'storage.schema': 18, 'cron_jobs.jobs': 3 });
  });
});

test('The checksum of settings is of what they mean, not of what one gateway has for itself', () => {
  const one = settingsChecksum(
    `{ gateway: { port: 18789, mode: 'local', auth: { token: 'one' } }, models: { apiKey: 'a', name: "x" }, }`,
  );
  const two = settingsChecksum(
    `{ "models": { "name": "x", "apiKey": "b" }, // the spare
       "gateway": { "mode": "local", "bind": "lan", "port": 18790, "auth": { "token": "two" } } }`,
  );
  expect(two).toBe(one);
  expect(settingsChecksum(`{ gateway: { mode: 'local' }, models: { name: 'y' } }`)).not.toBe(one);
  expect(settingsChecksum('{ models: [1, 2] }')).not.toBe(settingsChecksum('{ models: [2, 1] }'));
  expect(settingsChecksum('{ cut')).toBeUndefined();
});

/** Has the lock name another process, which was started with these variables. */
async function ownedByOther(gateway: StandInGateway, env: NodeJS.ProcessEnv): Promise<void> {
  const other = startProgram('/bin/sleep', ['60'], { env });
  onTestFinished(async () => other.end());
  symlinkSync(`/proc/${other.pid}`, join(gateway.places.proc, String(other.pid)));
  const stat = readFileSync(`/proc/${other.pid}/stat`, 'utf8');
  await gateway.lock({ pid: other.pid, startTime: parseProcessStat(stat)?.startTicks });
}
