import { expect, test } from 'vitest';
import { notOk, ok } from '../../src/model/result.ts';
import type { CheckSnapshot } from '../../src/model/snapshot.ts';
import { html } from '../../src/web/html.ts';
import { overview } from '../../src/web/overview.ts';
import { renderPage } from '../../src/web/page.ts';
import { ask } from '../support/ask.ts';
import { busyHost } from '../support/busy-host.ts';
import {
  agentSnapshot,
  checkSnapshot,
  checkSpec,
  deliverySnapshot,
  receiverSnapshot,
  wall,
} from '../support/snapshot.ts';
import { startWeb } from '../support/web.ts';

const sound = (name: string) => checkSnapshot(checkSpec(name, 'http'), [ok('fine')]);
const firing = (name: string) =>
  checkSnapshot(checkSpec(name, 'http'), [notOk('critical', 'connect', 'refused')], {
    phase: 'firing',
    since: wall(252_000),
  });

function sentence(...checks: readonly CheckSnapshot[]): string {
  return overview(agentSnapshot({ checks })).sentence;
}

test('one sentence says how the host is doing', () => {
  expect(sentence()).toBe('Nothing is being watched yet.');
  expect(sentence(sound('a'))).toBe('a is up.');
  expect(sentence(sound('a'), sound('b'))).toBe('All 2 checks are up.');
  expect(sentence(sound('a'), firing('b'))).toBe('b is down for 4m 12s; 1 of 2 up.');
  expect(sentence(firing('a'), firing('b'))).toBe('a and b are down; 0 of 2 up.');
  expect(sentence(...'abcde'.split('').map(firing))).toBe(
    'a, b, c and 2 more are down; 0 of 5 up.',
  );
});

test('what cannot be judged is never called down', () => {
  const unknown = checkSnapshot(
    checkSpec('uplink', 'icmp'),
    [notOk('unknown', 'permission', 'not allowed')],
    { phase: 'firing', since: wall(60_000) },
  );
  expect(sentence(unknown)).toBe('uplink cannot be judged for 1m; 0 of 1 up.');
  const page = renderPage(agentSnapshot({ checks: [unknown] }));
  expect(page).toContain('Unknown');
  expect(page).not.toContain('Down');
});

test('what fails but is not told yet is a remark below', () => {
  expect(overview(busyHost())).toStrictEqual({
    state: 'down',
    sentence: 'gateway is down for 4m 12s; 4 of 8 up.',
    remarks: [
      'disk is failing, not told yet.',
      'uplink cannot be judged.',
      'certificates waits for its first run.',
    ],
  });
});

test('the page is never calm while something is wrong with the agent itself', () => {
  const checks = [sound('a')];
  expect(overview(agentSnapshot({ checks })).state).toBe('up');
  expect(overview(agentSnapshot({ checks, problems: ['disk full'] })).state).toBe('failing');
});

test('the checks are listed worst first', () => {
  const page = renderPage(busyHost());
  const names = [...page.matchAll(/id="check:([^"]+)"/g)].map((match) => match[1]);
  expect(names).toStrictEqual([
    'gateway',
    'disk',
    'uplink',
    'certificates',
    'website',
    'database',
    'nightly%2Fbackup',
    'systemd%20units',
  ]);
});

test('a notification shows who was told, and the answer to every attempt', () => {
  const page = renderPage(busyHost());
  expect(page).toContain('after 2 attempts');
  expect(page).toContain('429 Too Many Requests');
  expect(page).toContain('404 no_service');
});

test('a receiver that fails says why and what waits for it', () => {
  const page = renderPage(busyHost());
  expect(page).toContain('451 4.7.1 Greylisted, try again later');
  expect(page).toContain('2 waiting, the oldest 1m 35s');
});

test('an agent without anything to do is friendly about it', () => {
  const page = renderPage(agentSnapshot());
  expect(page).toContain('No checks are configured.');
  expect(page).toContain('Nobody had to be told anything yet.');
  expect(page).toContain('no receiver is configured');
});

test('a failed reload and problems of the agent are shown', () => {
  const page = renderPage(
    agentSnapshot({
      lastReload: { successful: false, at: wall(60_000), error: 'a.yaml:3:1: wrong' },
      problems: ['The disk is full.'],
    }),
  );
  expect(page).toContain('could not be reloaded');
  expect(page).toContain('a.yaml:3:1: wrong');
  expect(page).toContain('The disk is full.');
});

const hostile = `<img src=x onerror="alert('1')">&</script>`;

test('nothing that comes from outside becomes markup', () => {
  const spec = checkSpec(hostile, 'http', {
    target: hostile,
    labels: { evil: hostile },
    annotations: { summary: hostile, runbook_url: `https://x/"onclick="${hostile}` },
    dependsOn: [hostile],
    schedule: { kind: 'cron', expression: hostile, timeZone: hostile },
  });
  const result = notOk('critical', 'body', hostile, {
    detail: [hostile],
    phases: [
      { name: hostile, ms: 1 },
      { name: 'b', ms: 2 },
    ],
    values: [{ metric: hostile, value: 1, unit: hostile, warning: hostile, critical: hostile }],
  });
  const page = renderPage(
    agentSnapshot({
      name: hostile,
      version: hostile,
      configFiles: [hostile],
      problems: [hostile],
      lastReload: { successful: false, at: wall(1), error: hostile },
      checks: [checkSnapshot(spec, [result], { phase: 'firing', since: wall(1), rule: hostile })],
      groups: [
        {
          key: hostile,
          receiver: hostile,
          labels: {},
          alerts: [{ alertname: hostile, fingerprint: '', status: 'firing', mutedBy: hostile }],
          nextFlushAt: wall(0),
        },
      ],
      receivers: [
        receiverSnapshot({ receiver: hostile, failing: { at: wall(1), detail: hostile } }),
      ],
      deliveries: [
        deliverySnapshot(hostile, hostile, [
          { kind: 'permanent', reason: 'auth', detail: hostile },
        ]),
      ],
    }),
  );
  expect(page).not.toContain('<img');
  expect(page).not.toMatch(/\son\w+=["']?alert/);
  expect(page.match(/<script/g)).toHaveLength(1);
  expect(page.match(/<\/script>/g)).toHaveLength(1);
  expect(page).not.toMatch(/="[^"]*"onclick/);
  expect(page).toContain('&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;');
});

test('a runbook that is no web address is shown but not linked', () => {
  const spec = checkSpec('a', 'http', { annotations: { runbook_url: 'javascript:alert(1)' } });
  const page = renderPage(agentSnapshot({ checks: [checkSnapshot(spec, [ok('fine')])] }));
  expect(page).toContain('javascript:alert(1)');
  expect(page).not.toContain('href="javascript:');
});

test('HTML is escaped in text and attributes, but not twice', () => {
  const inner = html`<b title="${'"'}">${'<'}</b>`;
  expect(html`<p>${[inner, '&', 3, undefined]}</p>`.markup).toBe(
    '<p><b title="&quot;">&lt;</b>&amp;3</p>',
  );
});

test('the page loads nothing from elsewhere and has no inline code', async () => {
  const { url } = await startWeb({ snapshot: busyHost });
  const page = await ask(`${url}/`);
  expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(page.body).not.toMatch(/<style|\sstyle=|\son\w+=/);
  const needed = [...page.body.matchAll(/<(?:link|script)[^>]*(?:href|src)="([^"]+)"/g)];
  expect(needed.map((match) => match[1])).toStrictEqual(['icon/down.svg', 'page.css', 'page.js']);
  for (const [, path] of needed) {
    const answer = await ask(`${url}/${path}`);
    expect(answer.status).toBe(200);
    expect(answer.body).not.toMatch(/url\(|@import/);
  }
  expect(await ask(`${url}/icon/none.svg`)).toMatchObject({ status: 404 });
});
