import * as v from 'valibot';
import type { ScriptedHttpServer } from './scripted-http-server.ts';

/**
 * A configuration that looks every 200 ms, alerts at the first failure, and tells each alert by itself and
 * at once through the webhook at `url`. The agent watches itself just as often.
 */
export function quickConfig(url: string, checks: readonly object[], more: object = {}): object {
  return {
    defaults: {
      interval: '200ms',
      timeout: '200ms',
      debounce: { fail_after: 1, recover_after: 1 },
    },
    route: {
      receiver: 'team',
      group_by: ['...'],
      group_wait: '0s',
      group_interval: '1s',
      repeat_interval: '1h',
    },
    receivers: [{ name: 'team', webhook_configs: [{ url }] }],
    checks: [...checks, { name: 'tocsin', type: 'agent', interval: '200ms', timeout: '200ms' }],
    ...more,
  };
}

/** A check that is sound as long as there is a file at `path`. */
export function fileCheck(name: string, path: string, more: object = {}): object {
  return { name, type: 'command', command: ['/usr/bin/test', '-e', path], ...more };
}

const body = v.object({
  status: v.string(),
  alerts: v.array(
    v.object({
      status: v.string(),
      labels: v.record(v.string(), v.string()),
      annotations: v.record(v.string(), v.string()),
    }),
  ),
});

export interface Told {
  /** Such as `firing web`. */
  readonly what: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Every alert that the webhook server accepted, in order. */
export function toldBy({ accepted }: ScriptedHttpServer): Told[] {
  return accepted.flatMap(({ body: text }) =>
    v.parse(body, JSON.parse(text)).alerts.map(({ status, labels, annotations }) => ({
      what: `${status} ${labels['alertname']}`,
      annotations,
    })),
  );
}
