import { eventually } from '../eventually.ts';
import { readable } from '../guest/agent.ts';
import type { SlackServer } from '../slack-server.ts';

/** The first message in this Slack that matches, once it has come. */
export async function heard(slack: SlackServer, pattern: RegExp): Promise<string> {
  const texts = (): string[] => slack.messages().map(readable);
  const found = (): string | undefined => texts().find((text) => pattern.test(text));
  await eventually(() => found() !== undefined, `a message like ${pattern}`, 60_000).catch(
    (error: unknown) => {
      throw new Error(`${String(error)}; these came:\n${texts().join('\n--\n')}`);
    },
  );
  return found() ?? '';
}
