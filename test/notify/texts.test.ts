import { describe, expect, test } from 'vitest';
import type { Alert } from '../../src/model/alert.ts';
import type { Delivery, Notification } from '../../src/model/delivery.ts';
import type { SendContext } from '../../src/notify/integration.ts';
import { startPagerdutyServer } from '../support/pagerduty-server.ts';
import { sampleAlert, sampleDelivery } from '../support/sample-delivery.ts';
import { oneMemory, sendThrough } from '../support/send-through.ts';
import { startSlackApi } from '../support/slack-api-server.ts';
import { startSlackServer } from '../support/slack-server.ts';
import { startSmtpServer } from '../support/smtp-server.ts';

type Context = Partial<SendContext>;

/** A delivery with these changes to what it tells. */
function telling(alerts: readonly Alert[], changes: Partial<Notification> = {}): Delivery {
  const delivery = sampleDelivery({ alerts, reason: changes.reason ?? 'new alerts added' });
  return { ...delivery, notification: { ...delivery.notification, ...changes } };
}

/** What people see of a delivery: every message that is sent for it, as the receiver took it. */
const shownBy = {
  async slack(delivery: Delivery, context: Context = {}) {
    await using server = await startSlackServer();
    await sendThrough('slack', { api_url: server.url }, delivery, context);
    return JSON.stringify(server.messages());
  },
  async 'slack as a bot'(delivery: Delivery, context: Context = {}) {
    await using api = await startSlackApi();
    const options = { app_token: api.token, app_url: api.url, channel: '#ops' };
    const memory = oneMemory();
    // Once to begin, and once more to see the change and the reply in the thread.
    await sendThrough('slack', options, telling([sampleAlert()]), { ...context, memory });
    await sendThrough('slack', options, delivery, { ...context, memory });
    return api.accepted
      .slice(1)
      .map(({ body }) => body)
      .join('\n');
  },
  async email(delivery: Delivery, context: Context = {}) {
    await using server = await startSmtpServer();
    const addresses = { to: 'ops@example.com', from: 'tocsin@example.com' };
    const options = { ...addresses, smarthost: server.smarthost, require_tls: false };
    await sendThrough('email', options, delivery, context);
    const bytes = (server.mails[0]?.data ?? '')
      .replaceAll('=\n', '')
      .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) =>
        String.fromCodePoint(Number.parseInt(hex, 16)),
      );
    return Buffer.from(bytes, 'latin1').toString();
  },
  async pagerduty(delivery: Delivery, context: Context = {}) {
    await using server = await startPagerdutyServer();
    const options = { routing_key: '0'.repeat(32), url: server.url };
    await sendThrough('pagerduty', options, delivery, context);
    return JSON.stringify(server.events());
  },
  async terminal(delivery: Delivery, context: Context = {}) {
    let written = '';
    const write = (text: string): void => void (written += text);
    await sendThrough('terminal', {}, delivery, { ...context, write });
    return written;
  },
};

type Name = keyof typeof shownBy;
const names = Object.keys(shownBy) as readonly Name[];

const uplink = sampleAlert({ labels: { check: 'uplink', alertname: 'uplink' } });
const queue = sampleAlert({ labels: { check: 'queue', alertname: 'queue' } });

describe.for(names)('what %s shows', (name) => {
  test('names the likely cause, first and with the reason', async () => {
    const shown = await shownBy[name](
      telling([queue, uplink], {
        likelyRoot: uplink.fingerprint,
        likelyRootReason: 'dependency',
      }),
    );
    expect(shown).toContain('2 checks failing on web-1: uplink, queue');
    expect(shown).toContain('Likely cause: uplink, which the others depend on');
  });

  test('says who has taken it on, and what else there is to say', async () => {
    const remarks = [
      'gateway: down 12:03 UTC, back 12:15 UTC',
      'Told 14m late: the network was out',
    ];
    const shown = await shownBy[name](telling([queue], { acknowledgedBy: 'kim', remarks }));
    for (const line of ['Taken on by kim', ...remarks]) expect(shown).toContain(line);
  });

  test('says that somebody has taken it on, and that nobody has', async () => {
    const taken = telling([queue], { reason: 'acknowledged', acknowledgedBy: 'kim' });
    expect(await shownBy[name](taken)).toContain('kim has taken this on: queue');
    const nobody = telling([queue], { reason: 'escalated' });
    expect(await shownBy[name](nobody)).toContain('Nobody has taken this on yet: queue');
  });

  test('is one line where it is one line, and turns no text round', async () => {
    const nasty = 'a\r\nBcc: all@example.com\u{1b}[31m\u{202e}gpj.exe';
    const alert = sampleAlert({
      labels: { check: nasty, host: nasty, target: nasty },
      annotations: { summary: nasty, description: nasty },
      detail: [nasty],
    });
    const shown = await shownBy[name](
      telling([alert, queue], {
        remarks: [nasty],
        acknowledgedBy: nasty,
        likelyRoot: alert.fingerprint,
      }),
    );
    const [head] = shown.split('\n\n');
    expect(head).not.toMatch(/^Bcc:/m);
    if (name !== 'pagerduty') {
      for (const evil of ['\u{1b}', '\u{202e}', '\\u001b']) expect(shown).not.toContain(evil);
    }
  });
});

const nasty =
  '<!channel> @here <@U012AB3CD> <https://evil.example|log in> ``` @everyone & <b>x</b>';

/** An alert that is nasty wherever a check or another system may write. */
const nastyAlert = sampleAlert({
  labels: { check: nasty, host: nasty, target: nasty, type: nasty },
  annotations: { summary: nasty, description: `${nasty}2`, runbook_url: `javascript:${nasty}` },
  detail: [nasty, nasty],
});

describe.for(['slack', 'slack as a bot'] as const)('a hostile text in %s', (name) => {
  test.for([1, 2])('calls nobody and opens nothing, with %i alerts', async (count) => {
    const alerts = [nastyAlert, queue].slice(0, count);
    const changes = { remarks: [nasty], acknowledgedBy: nasty, likelyRoot: nastyAlert.fingerprint };
    for (const reason of ['new alerts added', 'acknowledged', 'repeat interval elapsed'] as const) {
      const shown = await shownBy[name](telling(alerts, { ...changes, reason }));
      expect(shown).not.toMatch(/<!(?!date)|<@|<https:\/\/evil|@here|@everyone|javascript/);
      const fences = shown.split('```').length - 1;
      expect(fences % 2).toBe(0);
    }
  });
});

test('a hostile text in an e-mail stays text', async () => {
  const changes = { remarks: [nasty], acknowledgedBy: nasty, likelyRoot: nastyAlert.fingerprint };
  const shown = await shownBy.email(telling([nastyAlert, queue], changes));
  const [, html = ''] = shown.split('<!doctype html>');
  expect(html).not.toMatch(/<b>|<https|<!channel|javascript:/);
  expect(html).toContain('&lt;b&gt;x&lt;/b&gt;');
});

describe('the link by which a reader takes on an alert', () => {
  const acknowledgeURL = (alert: Alert): string =>
    `https://web-1:9860/ack?alert=${alert.fingerprint}&token="><script>`;
  const link = `https://web-1:9860/ack?alert=${queue.fingerprint}`;
  const shows = async (name: Name, delivery: Delivery): Promise<boolean> =>
    (await shownBy[name](delivery, { acknowledgeURL })).includes(link);
  const readers = names.filter((name) => name !== 'terminal');

  test.for(readers)('is in what %s shows of what fires', async (name) => {
    expect(await shows(name, telling([queue]))).toBe(true);
    expect(await shows(name, telling([queue], { reason: 'escalated' }))).toBe(true);
  });

  test.for(readers)(
    'is not in what %s shows of what is over, taken on, or a test',
    async (name) => {
      expect(await shows(name, telling([{ ...queue, endsAt: queue.startsAt }]))).toBe(false);
      expect(await shows(name, telling([queue], { acknowledgedBy: 'kim' }))).toBe(false);
      expect(await shows(name, telling([queue], { reason: 'report' }))).toBe(false);
    },
  );

  test('breaks out of nothing', async () => {
    const mail = await shownBy.email(telling([queue]), { acknowledgeURL });
    expect(mail.split('<!doctype html>')[1]).not.toContain('<script>');
    expect(await shownBy.slack(telling([queue]), { acknowledgeURL })).not.toContain('<script>');
  });
});
