import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../eventually.ts';
import type { SlackPayload, SlackServer } from '../slack-server.ts';
import type { Commands } from './commands.ts';

/** What people hear from an agent on a host of the tests. */
export interface Heard {
  /** Everything that people were told so far, as they read it. */
  readonly told: () => readonly string[];
  /** The first message that matches, once it has come; waits as long as told. */
  readonly message: (pattern: RegExp, patienceMs?: number) => Promise<string>;
}

const deploy = join(import.meta.dirname, '..', '..', '..', 'deploy', 'systemd');

/** The unit of the packaged service. */
const unit = '/etc/systemd/system/tocsin.service';

/**
 * What the packaged service consists of beside its program, by path, with the rights of these grants. It looks at
 * such a pace.
 */
export function serviceFiles(
  slackUrl: string,
  checks: readonly object[],
  grants: readonly string[],
  pace = '2s',
): Record<string, string> {
  return {
    [unit]: readFileSync(join(deploy, 'tocsin.service'), 'utf8'),
    '/etc/tocsin/agent.config.yaml': JSON.stringify(promptConfiguration(slackUrl, checks, pace)),
    '/usr/lib/sysusers.d/tocsin.conf': 'u tocsin - "tocsin" /var/lib/tocsin\n',
    ...Object.fromEntries(
      grants.map((name) => [
        `${unit}.d/${name}.conf`,
        readFileSync(join(deploy, 'grants', `${name}.conf`), 'utf8'),
      ]),
    ),
  };
}

/** Enables and starts the service; resolves once it has looked at everything. `prepare` is run before that. */
export async function startService({ say, shell }: Commands, prepare: string): Promise<void> {
  await say('systemd-sysusers');
  await shell(prepare);
  await shell('systemctl enable -q --now tocsin || { journalctl -u tocsin >&2; exit 1; }');
  // It greets once it has looked at everything.
  await shell('until journalctl -u tocsin | grep -q " sees "; do sleep 0.1; done');
}

/** Reads what came to this Slack; waits that long for a message, unless told with it. */
export function heardBy(slack: SlackServer, usualPatienceMs = 20_000): Heard {
  const told = (): readonly string[] => slack.messages().map(readable);
  return {
    told,
    async message(pattern, patienceMs = usualPatienceMs) {
      const found = (): string | undefined => told().find((text) => pattern.test(text));
      await eventually(() => found() !== undefined, `a message like ${pattern}`, patienceMs).catch(
        (error: unknown) => {
          throw new Error(`${String(error)}; these came:\n${told().join('\n--\n')}`);
        },
      );
      return found() ?? '';
    },
  };
}

/** Looks often, alerts at the first failure, and tells each alert by itself and at once. */
export function promptConfiguration(slack: string, checks: readonly object[], pace = '2s'): object {
  return {
    defaults: { interval: pace, timeout: pace, debounce: { fail_after: 1, recover_after: 1 } },
    route: {
      receiver: 'slack',
      group_by: ['...'],
      group_wait: '0s',
      group_interval: '1s',
      repeat_interval: '4h',
    },
    receivers: [{ name: 'slack', slack_configs: [{ api_url: slack, send_resolved: true }] }],
    checks,
  };
}

/** What a person reads of a message: the headline, and the panel below it. */
export function readable({ text, attachments }: SlackPayload): string {
  const panels = attachments.flatMap(({ blocks }) =>
    blocks.flatMap((block) => [
      ...('text' in block && block.text !== undefined ? [block.text.text] : []),
      ...('fields' in block ? (block.fields ?? []).map((field) => field.text) : []),
      ...('elements' in block ? block.elements.map((element) => element.text) : []),
    ]),
  );
  return [text, ...panels].join('\n');
}
