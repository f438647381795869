import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../eventually.ts';
import { type SlackPayload, type SlackServer, startSlackServer } from '../slack-server.ts';
import { executable } from '../tocsin.ts';
import { bootGuest, type Guest, type GuestOptions } from './guest.ts';

export interface AgentGuest extends AsyncDisposable {
  readonly guest: Guest;
  readonly slack: SlackServer;
  /** Everything that people were told so far, as they read it. */
  readonly told: () => readonly string[];
  /** The first message that matches, once it has come. */
  readonly message: (pattern: RegExp) => Promise<string>;
}

const deploy = join(import.meta.dirname, '..', '..', '..', 'deploy', 'systemd');

interface AgentGuestOptions extends GuestOptions {
  /** Drop-ins of `deploy/systemd/grants`, by name. */
  readonly grants?: readonly string[];
  /** A line of shell before the agent is started. */
  readonly prepare?: string;
}

/**
 * A guest in which tocsin runs as its packaged service does: as a user of its own, in the sandbox of its unit, with the
 * rights of these grants. It tells a Slack of the test at once what it finds.
 */
export async function bootAgent(
  checks: readonly object[],
  { grants = [], prepare = 'true', ...options }: AgentGuestOptions = {},
): Promise<AgentGuest> {
  const slack = await startSlackServer();
  const unit = '/etc/systemd/system/tocsin.service';
  const files = {
    [unit]: readFileSync(join(deploy, 'tocsin.service'), 'utf8'),
    '/etc/tocsin/agent.config.yaml': JSON.stringify(promptConfiguration(slack.url, checks)),
    '/usr/lib/sysusers.d/tocsin.conf': 'u tocsin - "tocsin" /var/lib/tocsin\n',
    ...Object.fromEntries(
      grants.map((name) => [
        `${unit}.d/${name}.conf`,
        readFileSync(join(deploy, 'grants', `${name}.conf`), 'utf8'),
      ]),
    ),
    ...options.files,
  };
  const bind = { '/usr/local/bin/tocsin': executable, ...options.bind };
  const guest = await bootGuest({ ...options, files, bind });
  await guest.lend(Number(new URL(slack.origin).port));
  await guest.say('systemd-sysusers');
  await guest.shell(prepare);
  await guest.shell('systemctl enable -q --now tocsin || { journalctl -u tocsin >&2; exit 1; }');
  // It greets once it has looked at everything.
  await guest.shell('until journalctl -u tocsin | grep -q " sees "; do sleep 0.1; done');
  const told = (): readonly string[] => slack.messages().map(readable);
  return {
    guest,
    slack,
    told,
    async message(pattern) {
      const found = (): string | undefined => told().find((text) => pattern.test(text));
      await eventually(() => found() !== undefined, `a message like ${pattern}`, 20_000).catch(
        (error: unknown) => {
          throw new Error(`${String(error)}; these came:\n${told().join('\n--\n')}`);
        },
      );
      return found() ?? '';
    },
    async [Symbol.asyncDispose]() {
      await guest[Symbol.asyncDispose]();
      await slack[Symbol.asyncDispose]();
    },
  };
}

/** Looks every two seconds, alerts at the first failure, and tells each alert by itself and at once. */
export function promptConfiguration(slack: string, checks: readonly object[]): object {
  return {
    defaults: { interval: '2s', timeout: '2s', debounce: { fail_after: 1, recover_after: 1 } },
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
