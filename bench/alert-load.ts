import { setTimeout as wait } from 'node:timers/promises';

/** Alerts in one request: what Prometheus puts into one. */
const batchSize = 64;

/** How long a change may take to be heard before the bench gives up. */
const heardWithinMs = 60_000;

export interface PostedAlert {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly startsAt: string;
  readonly endsAt: string;
}

/** One alert of the bench as a sender would post it now: firing for an hour yet, or over. */
export function alertNow(
  kind: string,
  number: number,
  groups: number,
  firing: boolean,
): PostedAlert {
  const nowMs = performance.timeOrigin + performance.now();
  const at = (ms: number): string => new Date(ms).toISOString();
  return {
    labels: {
      alertname: 'Bench',
      kind,
      number: String(number),
      service: `service-${number % groups}`,
      instance: `host-${number}:9100`,
      severity: 'warning',
    },
    annotations: {
      summary: `instance ${number} is ${firing ? 'down' : 'up'}`,
      sent: String(nowMs),
    },
    startsAt: at(nowMs - 1000),
    endsAt: at(firing ? nowMs + 3_600_000 : nowMs),
  };
}

/** Posts alerts, as many in a request as Prometheus would. Throws when they are not taken. */
export async function post(side: string, alerts: readonly PostedAlert[]): Promise<void> {
  for (let first = 0; first < alerts.length; first += batchSize) {
    const response = await fetch(`${side}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alerts.slice(first, first + batchSize)),
    });
    const answer = await response.text();
    if (response.status !== 200) throw new Error(`${side}: HTTP ${response.status} ${answer}`);
  }
}

/**
 * Lets alerts change, half of them beginning and half ending, at an even rate for `seconds`. Each request is
 * sent when it is due whether or not the ones before were answered. Gives the number of changes.
 */
export async function change(
  side: string,
  plan: { readonly perSecond: number; readonly seconds: number; readonly groups: number },
  alerts: readonly number[],
): Promise<number> {
  const firing = new Map<number, boolean>();
  const everyMs = (batchSize * 1000) / plan.perSecond;
  const batches = Math.round((plan.seconds * 1000) / everyMs);
  const startedAtMs = performance.now();
  const posts: Promise<void>[] = [];
  let next = 0;
  for (let batch = 0; batch < batches; batch += 1) {
    await wait(Math.max(0, startedAtMs + batch * everyMs - performance.now()));
    const changes = Array.from({ length: batchSize }, () => {
      const number = alerts[next % alerts.length] ?? 0;
      next += 1;
      const fires = !(firing.get(number) ?? true);
      firing.set(number, fires);
      return alertNow('changing', number, plan.groups, fires);
    });
    posts.push(post(side, changes));
  }
  await Promise.all(posts);
  return batches * batchSize;
}

/** Resolves once `count` changes of a kind were heard. Throws when that takes too long. */
export async function untilHeard(heard: () => Promise<number>, count: number): Promise<void> {
  const deadlineMs = performance.now() + heardWithinMs;
  for (;;) {
    const so = await heard();
    if (so >= count) return;
    if (performance.now() > deadlineMs) throw new Error(`${so} of ${count} changes were told`);
    await wait(250);
  }
}
