import { type SlackServer, startSlackServer } from '../slack-server.ts';
import { executable } from '../tocsin.ts';
import { type Heard, heardBy, serviceFiles, startService } from './agent-service.ts';
import { bootGuest, type Guest, type GuestOptions } from './guest.ts';

export interface AgentGuest extends Heard, AsyncDisposable {
  readonly guest: Guest;
  readonly slack: SlackServer;
}

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
  const files = { ...serviceFiles(slack.url, checks, grants), ...options.files };
  const bind = { '/usr/local/bin/tocsin': executable, ...options.bind };
  const guest = await bootGuest({ ...options, files, bind });
  await guest.lend(Number(new URL(slack.origin).port));
  await startService(guest, prepare);
  return {
    guest,
    slack,
    ...heardBy(slack),
    async [Symbol.asyncDispose]() {
      await guest[Symbol.asyncDispose]();
      await slack[Symbol.asyncDispose]();
    },
  };
}
