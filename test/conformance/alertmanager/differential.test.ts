import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { seededRandom } from '../../sim/random.ts';
import { ask } from '../../support/ask.ts';
import { startHttpServer } from '../../support/http-server.ts';
import { hasAlertmanager, startAlertmanager, type ApiServer } from './kit/oracle.ts';
import {
  overAt,
  randomHistory,
  type History,
  type HistoryEvent,
  type HistoryKind,
} from './kit/random-history.ts';
import { readMessage, withoutKnownDifferences, type ToldMessage } from './kit/told-messages.ts';
import { startTocsinServer } from './kit/tocsin-server.ts';

/*
 * The same histories are posted to Debian's Alertmanager and to tocsin, in real time and all at once, each on
 * a route of its own; the webhooks of both must hear the same at the same time.
 */

/** Less than the shortest interval of a group; a busy machine takes most of it. */
const toleranceSeconds = 0.8;

/** A step of a history that came this late came too near to the next message: what follows is chance. */
const lateSeconds = 0.35;

/** Histories begin one after the other, so that no moment is busier than the next. */
const staggerMs = 40;

const firstSeed = Number(process.env['TOCSIN_SEED'] ?? 1);
const kinds: readonly HistoryKind[] = ['muted', 'quick', 'repeated'];
const histories = Array.from({ length: 24 }, (_, index) => {
  const random = seededRandom(firstSeed + index);
  return randomHistory(random, `seed-${firstSeed + index}`, kinds[index % 3] ?? 'muted');
});

/** The routes of all histories; `hook` is where the webhooks are. */
function configFor(hook: string): string {
  const routes = histories.map(({ name, groupBy, intervalSeconds, kind }) => ({
    receiver: name,
    matchers: [`history="${name}"`],
    group_by: groupBy,
    group_wait: '1s500ms',
    group_interval: `${intervalSeconds}s`,
    repeat_interval: kind === 'repeated' ? '2s500ms' : '1h',
  }));
  const receivers = histories.map(({ name, sendResolved }) => ({
    name,
    webhook_configs: [{ url: `${hook}/${name}`, send_resolved: sendResolved }],
  }));
  const inhibitRules = [
    {
      source_matchers: ['alertname="a"', 'inhibits="yes"'],
      target_matchers: ['alertname="b"'],
      equal: ['zone', 'history'],
    },
  ];
  const all = { route: { receiver: 'none', routes }, receivers: [{ name: 'none' }, ...receivers] };
  return Object.entries({ ...all, inhibit_rules: inhibitRules })
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
    .join('\n');
}

const isoAt = (beganMs: number, seconds: number): string =>
  new Date(beganMs + seconds * 1000).toISOString();

async function send(url: string, method: string, value?: object): Promise<string> {
  const question = {
    method,
    ...(value === undefined
      ? {}
      : { body: JSON.stringify(value), headers: { 'content-type': 'application/json' } }),
  };
  const { status, body } = await ask(url, question);
  if (status !== 200) throw new Error(`${method} ${url} gives ${status}: ${body}`);
  return body;
}

/**
 * Lives through one history; everything that happens at one moment is sent together. Gives how late the
 * latest step was, in seconds: a busy machine may hold everything up.
 */
async function live(
  history: History,
  servers: readonly ApiServer[],
  beganMs: number,
): Promise<number> {
  const silenced = new Map<string, string>();
  let lateMs = 0;
  for (const event of history.events) {
    const dueMs = beganMs + event.at * 1000;
    await delay(Math.max(0, dueMs - Date.now()));
    await Promise.all(
      servers.map(({ url }) => happen(`${url}/api/v2`, history, event, beganMs, silenced)),
    );
    lateMs = Math.max(lateMs, Date.now() - dueMs);
  }
  return lateMs / 1000;
}

async function happen(
  url: string,
  { name, kind }: History,
  event: HistoryEvent,
  beganMs: number,
  silenced: Map<string, string>,
): Promise<void> {
  if (event.kind === 'unsilence') {
    // Where it comes too late the silence has ended, and there is nothing to end.
    await ask(`${url}/silence/${silenced.get(url)}`, { method: 'DELETE' });
    return;
  }
  if (event.kind === 'silence') {
    const values = [
      [event.label, event.value],
      ['history', name],
    ];
    const body = await send(`${url}/silences`, 'POST', {
      matchers: values.map(([label, value]) => ({ name: label, value, isRegex: false })),
      startsAt: isoAt(beganMs, event.at),
      endsAt: isoAt(beganMs, event.ends),
      createdBy: 'chance',
      comment: 'x',
    });
    silenced.set(url, (JSON.parse(body) as { silenceID: string }).silenceID);
    return;
  }
  const { alertname, zone, note, starts, ends } = event.post;
  const inhibits = kind === 'muted' ? { inhibits: 'yes' } : {};
  await send(`${url}/alerts`, 'POST', [
    {
      labels: { alertname, zone, history: name, ...inhibits },
      annotations: note === '' ? {} : { note },
      generatorURL: 'http://prometheus.example/graph',
      startsAt: isoAt(beganMs, starts),
      ...(ends === undefined ? {} : { endsAt: isoAt(beganMs, ends) }),
    },
  ]);
}

function shown({ at, group, alerts }: ToldMessage): string {
  const parts = alerts.map(
    ({ status, labels, starts, ends }) =>
      `${status === 'firing' ? '+' : '-'}${labels['alertname']}${labels['zone']}(${starts}..${ends})`,
  );
  return `${at} ${group} ${parts.join(' ')}`;
}

describe.skipIf(!hasAlertmanager)(`random histories from seed ${firstSeed} on`, () => {
  const told = new Map<string, ToldMessage[]>();
  const late = new Map<string, number>();

  beforeAll(async () => {
    let beganMs = 0;
    await using hooks = await startHttpServer((request, response) => {
      const atMs = Date.now();
      void text(request).then((body) => {
        const path = request.url ?? '';
        const index = histories.findIndex(({ name }) => path.endsWith(`/${name}`));
        const message = readMessage(body, atMs, beganMs + index * staggerMs);
        told.set(path, [...(told.get(path) ?? []), message]);
        response.end();
      });
    });
    await using theirs = await startAlertmanager(configFor(`${hooks.url}/theirs`));
    await using ours = await startTocsinServer(configFor(`${hooks.url}/ours`));
    beganMs = Date.now() + 500;
    await Promise.all(
      histories.map(async (history, index) => {
        const seconds = await live(history, [theirs, ours], beganMs + index * staggerMs);
        late.set(history.name, seconds);
      }),
    );
    await delay(beganMs + histories.length * staggerMs + overAt * 1000 - Date.now());
  }, 60_000);

  test.for(histories)('$name: the same messages at the same time ($kind)', (history, { skip }) => {
    // Alertmanager looks at its groups at half seconds.
    const unsteady = (told.get(`/theirs/${history.name}`) ?? []).map(({ at }) =>
      Math.abs((at % 1) - 0.5),
    );
    const seconds = Math.max(late.get(history.name) ?? 0, ...unsteady);
    skip(seconds > lateSeconds, `the machine was too busy: something came ${seconds} s late`);
    const [theirs, ours] = ['theirs', 'ours'].map((who) => {
      const all = told.get(`/${who}/${history.name}`) ?? [];
      const messages =
        history.kind === 'repeated' ? all : withoutKnownDifferences(history, all, () => {});
      return messages.toSorted((a, b) =>
        a.group < b.group ? -1 : a.group > b.group ? 1 : a.at - b.at,
      );
    });
    const content = (messages: readonly ToldMessage[] = []): object[] =>
      messages.map(({ at: _at, ...message }) => message);
    const place = [
      ...(theirs ?? []).map((message) => `theirs ${shown(message)}`),
      ...(ours ?? []).map((message) => `ours   ${shown(message)}`),
      ...history.events.map((event) => JSON.stringify(event)),
    ].join('\n');
    expect(content(ours), place).toEqual(content(theirs));
    for (const [index, { at, group }] of (theirs ?? []).entries()) {
      const off = Math.abs((ours?.[index]?.at ?? Number.NaN) - at);
      expect(off, `${group}: ${at}s and ${ours?.[index]?.at}s`).toBeLessThan(toleranceSeconds);
    }
  });

  test('something was said in every kind of history, and some of them were in time', () => {
    const inTime = [...late.values()].filter((seconds) => seconds <= lateSeconds);
    expect(inTime.length).toBeGreaterThan(3);
    for (const kind of kinds) {
      const names = histories.filter((history) => history.kind === kind).map(({ name }) => name);
      const messages = names.flatMap((name) => told.get(`/ours/${name}`) ?? []);
      expect(messages.length).toBeGreaterThan(20);
    }
  });
});
