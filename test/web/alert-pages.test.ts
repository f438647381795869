import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hash } from 'bcryptjs';
import { describe, expect, test } from 'vitest';
import { createAlertLinks } from '../../src/app/people/alert-links.ts';
import type { AlertView } from '../../src/model/alert-view.ts';
import type { Silence, SilenceRequest } from '../../src/model/silence.ts';
import { instant, type WallMs } from '../../src/model/time.ts';
import type { AcknowledgeRequest } from '../../src/web/commands.ts';
import { renderPage } from '../../src/web/page.ts';
import type { WebServerOptions } from '../../src/web/server-options.ts';
import { readWebConfig } from '../../src/web/web-config.ts';
import { ask } from '../support/ask.ts';
import { equal, firing } from '../support/routes.ts';
import { agentSnapshot } from '../support/snapshot.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { startWeb, webCommands } from '../support/web.ts';

const alert = {
  ...firing({ alertname: 'gateway', severity: 'critical', host: 'web-1' }),
  annotations: {
    summary: 'gateway is down on web-1',
    description: 'connection <b>refused</b>',
  },
};
const view: AlertView = {
  alert,
  state: 'active',
  silencedBy: [],
  inhibitedBy: [],
  mutedBy: [],
  receivers: ['team'],
  updatedAt: alert.startsAt,
};

const form = { 'content-type': 'application/x-www-form-urlencoded' };

/** Links of an agent that keeps its key in this drawer. */
function linksOf(drawer: Map<string, unknown>, now: () => number, externalURL?: string) {
  return createAlertLinks(
    new Map([['single', drawer]]),
    { keep: ({ name, value }) => drawer.set(name, value) },
    {
      clock: { now: () => instant(0, now()) },
      config: {
        server: {
          host: '127.0.0.1',
          port: 0,
          ...(externalURL === undefined ? {} : { externalURL }),
          probe: {
            enabled: false,
            allow: [],
            timeoutOffsetMs: 0,
            historyLimit: 0,
            logLevel: 'info',
          },
        },
      },
    },
  );
}

async function startPages(
  views: readonly AlertView[] = [view],
  options: Partial<WebServerOptions> = {},
) {
  const acknowledged: AcknowledgeRequest[] = [];
  const silenced: SilenceRequest[] = [];
  let nowMs = alert.startsAt as number;
  const links = linksOf(new Map(), () => nowMs, 'https://mon.example/tocsin');
  const { url } = await startWeb({
    ...options,
    externalURL: () => 'https://mon.example/tocsin',
    commands: webCommands({
      alerts: () => views,
      acknowledge: (request) => {
        acknowledged.push(request);
        return 'acknowledged';
      },
      putSilence: (request) => {
        silenced.push(request);
        return { kind: 'kept', id: 'x' };
      },
      judgeLink: (link) => links.judge(link),
    }),
  });
  const link = links.acknowledgeURL(alert);
  return {
    url,
    acknowledged,
    silenced,
    link: link.replace('https://mon.example/tocsin', url),
    later: (ms: number) => {
      nowMs += ms;
    },
  };
}

/** How something in front of the agent hands on what came from elsewhere. */
const proxied = { 'x-forwarded-for': '203.0.113.9', host: 'localhost' };

describe('the link in a message', () => {
  test('shows the alert and a button, and does nothing by itself', async () => {
    const { link, acknowledged } = await startPages();
    const { status, body } = await ask(link, { headers: proxied });
    expect(status).toBe(200);
    expect(body).toContain('gateway is down on web-1');
    expect(body).toContain('connection &lt;b&gt;refused&lt;/b&gt;');
    expect(body).toContain('<button>Acknowledge</button>');
    expect(acknowledged).toEqual([]);
    await ask(link, { method: 'HEAD' });
    expect(acknowledged).toEqual([]);
  });

  test('acts when the button is pressed, for whoever has it, from anywhere', async () => {
    const { link, acknowledged } = await startPages();
    const { status, body } = await ask(link, {
      method: 'POST',
      headers: { ...proxied, ...form, origin: 'https://mon.example' },
      body: 'by=anna&comment=on+it',
    });
    expect(status).toBe(200);
    expect(body).toContain('Noted for anna');
    expect(acknowledged).toEqual([{ alert: alert.fingerprint, by: 'anna', comment: 'on it' }]);
  });

  test.each([
    [
      'the token',
      (link: string) =>
        link.replace(/token=(.)/, (_, first) => `token=${first === 'A' ? 'B' : 'A'}`),
    ],
    ['the alert', (link: string) => link.replace('alert=', 'alert=0')],
    ['the time', (link: string) => link.replace('expires=', 'expires=9')],
    ['the end of it', (link: string) => link.slice(0, -3)],
    ['everything', (link: string) => link.replace(/\?.*/, '')],
  ])('is refused, with what to do instead, when %s was changed', async (_what, change) => {
    const { link, acknowledged } = await startPages();
    for (const method of ['GET', 'POST']) {
      const { status, body } = await ask(change(link), { method });
      expect(status).toBe(403);
      expect(body).toContain('tocsin ack NAME');
    }
    expect(acknowledged).toEqual([]);
  });

  test('is refused when it is too old', async () => {
    const { link, later } = await startPages();
    later(4 * 86_400_000 + 3_600_000);
    const { status, body } = await ask(link);
    expect(status).toBe(403);
    expect(body).toContain('too old');
  });

  test('does not take on a later failure of the same check', async () => {
    const again = { ...view, alert: { ...alert, startsAt: (alert.startsAt + 5) as WallMs } };
    const { link, acknowledged } = await startPages([again]);
    expect((await ask(link, { method: 'POST' })).status).toBe(410);
    expect(acknowledged).toEqual([]);
  });

  test('works with the path of the address left in by what stands in front', async () => {
    const { link, url } = await startPages();
    expect((await ask(link.replace(url, `${url}/tocsin`))).status).toBe(200);
  });

  test('there is none where nobody could open it', () => {
    const links = linksOf(new Map(), () => 0, undefined);
    expect(links.acknowledgeURL(alert)).toBe('');
  });

  test('needs no login, nor does what its page is made of', async () => {
    const file = join(temporaryFolder(), 'web.yml');
    const password = await hash('wonderland', 4);
    await writeFile(file, `basic_auth_users:\n  alice: '${password}'\n`);
    const web = await readWebConfig(file);
    if (!web.ok) throw new Error('no users');
    const { link, url, acknowledged } = await startPages([view], { web: web.config });
    expect((await ask(url)).status).toBe(401);
    const { body } = await ask(link);
    const assets = [...body.matchAll(/<link [^>]*href="([^"]+)"/g)].map(([, href = '']) => href);
    expect(assets).toHaveLength(2);
    for (const href of assets) expect((await ask(`${url}/${href}`)).status).toBe(200);
    expect((await ask(link, { method: 'POST', headers: { ...proxied, ...form } })).status).toBe(
      200,
    );
    expect(acknowledged).toHaveLength(1);
  });

  test('stays good over a restart', () => {
    const drawer = new Map<string, unknown>();
    const open = () => linksOf(drawer, () => 0, 'https://mon.example');
    const query = new URL(open().acknowledgeURL(alert)).searchParams;
    const link = {
      fingerprint: query.get('alert') ?? '',
      startsAt: Number(query.get('since')) as WallMs,
      expiresAt: Number(query.get('expires')) as WallMs,
      token: query.get('token') ?? '',
    };
    expect(open().judge(link)).toBe('valid');
  });
});

describe('the page of an alert', () => {
  test('has forms to acknowledge and to silence, which lead back to it', async () => {
    const { url, acknowledged, silenced } = await startPages();
    const place = `${url}/alerts/${alert.fingerprint}`;
    const { body } = await ask(place);
    expect(body).toContain(`action="${alert.fingerprint}/acknowledge"`);
    const done = await ask(`${place}/acknowledge`, {
      method: 'POST',
      headers: form,
      body: 'by=anna',
    });
    expect([done.status, done.headers['location']]).toEqual([303, `../${alert.fingerprint}`]);
    expect(acknowledged).toEqual([{ alert: alert.fingerprint, by: 'anna', comment: '' }]);
    await ask(`${place}/silence`, {
      method: 'POST',
      headers: form,
      body: 'for=4h&until_ok=yes&by=anna&comment=deploy',
    });
    const [silence] = silenced;
    expect(silence).toMatchObject({ createdBy: 'anna', comment: 'deploy', untilOk: true });
    expect((silence?.endsAt ?? 0) - (silence?.startsAt ?? 0)).toBe(4 * 3_600_000);
    expect(silence?.matchers.map(({ label }) => label)).toEqual(['alertname', 'host']);
  });

  test.each(['acknowledge', 'silence'])(
    '%s is refused to other web sites and hosts',
    async (form) => {
      const { url, acknowledged, silenced } = await startPages();
      const place = `${url}/alerts/${alert.fingerprint}/${form}`;
      for (const headers of [
        { origin: 'https://evil.example' },
        { 'sec-fetch-site': 'cross-site' },
        proxied,
      ]) {
        const { status } = await ask(place, { method: 'POST', headers });
        expect(status).toBe(403);
      }
      expect([acknowledged, silenced]).toEqual([[], []]);
    },
  );

  test('says so when the alert does not fire any more', async () => {
    const { url } = await startPages([]);
    const { status, body } = await ask(`${url}/alerts/0123456789abcdef`);
    expect(status).toBe(404);
    expect(body).toContain('It is over');
  });
});

describe('the main page', () => {
  const silence: Silence = {
    id: 'c0ffee00-0000-4000-8000-000000000000',
    matchers: [equal('alertname', '<i>gateway</i>')],
    startsAt: 0 as WallMs,
    endsAt: 4e12 as WallMs,
    updatedAt: 0 as WallMs,
    createdBy: 'anna',
    comment: '<script>deploy</script>',
  };
  const silenced: AlertView = {
    ...view,
    state: 'suppressed',
    silencedBy: [silence.id],
    acknowledgement: {
      fingerprint: alert.fingerprint,
      by: 'ben',
      comment: 'on "it"',
      at: alert.startsAt,
    },
  };

  test('lists what fires with who has it in hand and what keeps it back', () => {
    const shown = renderPage(agentSnapshot(), [], {
      alerts: [silenced, view],
      silences: [silence],
    });
    expect(shown).toContain('Acknowledged by ben');
    expect(shown).toContain('Kept back: silenced (&lt;script&gt;deploy&lt;/script&gt;)');
    expect(shown.match(/<button>Acknowledge<\/button>/g)).toHaveLength(1);
    expect(shown).not.toContain('<script>deploy');
  });

  test('lists silences that are not over, each with a button that ends it', () => {
    const over = { ...silence, id: 'over', endsAt: 1 as WallMs };
    const shown = renderPage(agentSnapshot(), [], { alerts: [], silences: [silence, over] });
    expect(shown).toContain(`action="silences/${silence.id}/expire"`);
    expect(shown).toContain('alertname=&quot;&lt;i&gt;gateway&lt;/i&gt;&quot;');
    expect(shown.match(/<button>Expire<\/button>/g)).toHaveLength(1);
  });
});
