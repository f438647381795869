import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { tables } from '../../src/app/load.ts';
import { directoryWith, loadDirectory } from '../support/config.ts';
import { skipUnlessThere } from '../support/own-program.ts';
import { caddyProgram, nginxProgram } from '../support/proxies.ts';
import { blocksOf, startThreeGateways, type ThreeGateways } from '../support/three-gateways.ts';
import { createAuthority, type Authority } from '../support/tls-authority.ts';

let authority: Authority;
beforeAll(() => {
  authority = createAuthority();
});
afterAll(() => authority[Symbol.dispose]());

/** Three gateways of which the first runs cron, looked at for a while and well. */
async function sound(edit?: (text: string) => string): Promise<ThreeGateways> {
  const world = await startThreeGateways(authority.issue(), authority.ca, edit);
  for (const gateway of world.gateways.slice(1)) runCron(gateway, false);
  await world.pass(75);
  expect(world.told()).toEqual([]);
  return world;
}

function runCron({ calls }: ThreeGateways['gateways'][number], enabled: boolean): void {
  calls.set('cron.status', { enabled, jobs: 3, nextWakeAtMs: enabled ? Date.now() + 6e5 : null });
}

describe('three gateways behind an nginx, as the page has them', () => {
  beforeEach((context) => skipUnlessThere(nginxProgram, context));

  test('lose one with a warning, and two with a page, each told once with what is wrong', async () => {
    const { gateways, pass, told, agent } = await sound();
    await gateways[1].stop();
    await pass(90);
    expect(told()).toEqual([
      'slack 🟠 gateways is in warning on front-1',
      '  2 of 3 up; down: gw-2, no spare left',
    ]);
    const [warning] = agent.deliveries.at(-1)?.notification.alerts ?? [];
    expect(warning?.detail.join()).toMatch(/^gw-2: health: the gateway is down: connect to /);
    expect(agent.agent.pipeline.view('gateways')?.up).toBe(true);
    await gateways[2].stop();
    await pass(120);
    expect(told()).toEqual([
      'pagerduty 🔴 gateways is critical on front-1',
      '  1 of 3 up; down: gw-2, gw-3, wanted at least 2',
      'slack 🔴 gateways on front-1 is now critical, was warning',
      '  1 of 3 up; down: gw-2, gw-3, wanted at least 2',
      '  now critical',
    ]);
    expect(agent.agent.pipeline.view('gateways')?.up).toBe(false);
    await Promise.all(gateways.slice(1).map(async (one) => one.resume()));
    await pass(120);
    expect(told().filter((line) => !line.startsWith(' '))).toEqual([
      expect.stringMatching(/^pagerduty ✅ gateways is fine again on front-1 after/),
      expect.stringMatching(/^slack ✅ gateways is fine again on front-1 after/),
    ]);
  }, 120_000);

  test('have one leader, or it is told that nobody leads, or who do', async () => {
    const { gateways, pass, told } = await sound();
    runCron(gateways[0], false);
    await pass(90);
    expect(told()).toEqual(
      page('cron leader is critical', [
        '0 of 3 running cron; not: gw-1, gw-2, gw-3, wanted exactly 1',
      ]),
    );
    runCron(gateways[0], true);
    await pass(130);
    expect(told()).toEqual([
      expect.stringContaining('✅ cron leader is fine again on front-1'),
      '  1 of 3 running cron (gw-1)',
      expect.stringContaining('✅ cron leader is fine again on front-1'),
      '  1 of 3 running cron (gw-1)',
    ]);
    runCron(gateways[2], true);
    await pass(90);
    expect(told()).toEqual(
      page('cron leader is critical', [
        '2 of 3 running cron (gw-1, gw-3); not: gw-2, wanted exactly 1',
      ]),
    );
  }, 120_000);

  test('lose their leader with a page about that, beside the warning', async () => {
    const { gateways, pass, told } = await sound();
    await gateways[0].stop();
    await pass(120);
    expect(told()).toEqual([
      'slack 🔴 2 checks failing on front-1: gateways, cron leader',
      '  0 of 3 running cron; not: gw-2, gw-3; down: gw-1, wanted exactly 1',
      '  2 of 3 up; down: gw-1, no spare left',
      'pagerduty 🔴 cron leader is critical on front-1',
      '  0 of 3 running cron; not: gw-2, gw-3; down: gw-1, wanted exactly 1',
    ]);
  }, 120_000);

  test('are lost all at once, which is told once: what follows from it is held back', async () => {
    const { gateways, pass, told, agent } = await sound();
    await Promise.all(gateways.map(async (one) => one.stop()));
    await pass(270);
    expect(told().toSorted()).toEqual(
      page('gateways is critical', [
        '0 of 3 up; down: gw-1, gw-2, gw-3, wanted at least 2',
      ]).toSorted(),
    );
    for (const check of ['way in', 'nginx', 'cron leader', 'gw-1']) {
      expect(agent.agent.pipeline.track(check).state.phase, check).toBe('firing');
    }
  }, 120_000);

  test('are well behind a proxy that is not, which is told as the layer that is broken', async () => {
    const { proxy, pass, told, agent } = await sound();
    await proxy({ upstreams: [1, 2, 3] });
    await pass(300);
    expect(told()).toEqual(
      page('way in is down', [
        'broken at the way through the proxy: https://localhost:PORT/health answers 502 ' +
          '(by the proxy itself: no upstream gave it a sound answer), while all 3 of its upstreams answer when asked past it; ' +
          'in order: socket, upstreams, proxy, certificate; not looked at: name (DNS), public address',
      ]),
    );
    expect(agent.agent.pipeline.track('nginx').state.phase).toBe('firing');
    await proxy({});
    await pass(120);
    expect(told()).toHaveLength(4);
    await proxy({ certificate: authority.issue({ days: -1 }) });
    await pass(120);
    const [, text = '', ...rest] = told();
    expect(text).toMatch(
      /^ {2}broken at the certificate: the certificate of 127\.0\.0\.1:PORT expired on [\d-]+ \(asked as localhost\); in order: socket, upstreams, proxy; not looked at: /,
    );
    expect(rest).toEqual(['slack 🔴 way in is down on front-1', text]);
  }, 120_000);

  test('are told apart by what they should have in common', async () => {
    const { gateways, pass, told } = await sound((text) => text.replace('for: 15m', 'for: 1m'));
    const body = { ok: true, status: 'started', version: '2026.9.5' };
    gateways[1].answer('/startupz', { status: 200, body });
    await pass(130);
    expect(told()).toEqual([
      'slack 🟠 same everywhere is in warning on front-1',
      '  startup.version differs: gw-2 has 2026.9.5; the other 2 have 2026.9.6',
    ]);
  }, 120_000);
});

/** What a critical alert of one check is told as, to both receivers. */
function page(title: string, texts: readonly string[]): string[] {
  return ['pagerduty', 'slack'].flatMap((integration) => [
    `${integration} 🔴 ${title} on front-1`,
    ...texts.map((text) => `  ${text}`),
  ]);
}

test('Every configuration of the page loads', async () => {
  const secrets = {
    SLACK_WEBHOOK_URL: 'http://127.0.0.1:9/',
    PAGERDUTY_ROUTING_KEY: 'nobody',
    TOCSIN_PASSWORD: 'nobody-knows',
  };
  const found = blocksOf('yaml');
  expect(found.length).toBeGreaterThan(3);
  for (const text of found) {
    const files = { 'agent.config.yaml': text, 'web.yml': 'basic_auth_users: {}\n' };
    const directory = await directoryWith(files);
    const { problems } = await loadDirectory(directory, { environment: secrets, tables });
    expect(problems).toEqual([]);
  }
});

test('Caddy takes the file of the page', async (context) => {
  skipUnlessThere(caddyProgram, context);
  const folder = await directoryWith({ Caddyfile: blocksOf('caddyfile')[0] ?? '' });
  const words = ['adapt', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile'];
  const adapted: unknown = JSON.parse(execFileSync(caddyProgram, words, { encoding: 'utf8' }));
  expect(JSON.stringify(adapted)).toContain('"uri":"/health"');
});
