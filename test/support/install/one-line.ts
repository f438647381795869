import { eventually } from '../eventually.ts';
import { readable } from '../guest/agent.ts';
import type { Guest } from '../guest/guest.ts';
import type { SlackServer } from '../slack-server.ts';

/** What a person types, with the webhook's address from a file, and everything that was said. */
export async function pipeToShell(guest: Guest, url: string, words: string): Promise<string> {
  const secret = 'TOCSIN_SLACK_WEBHOOK_URL="$(cat /root/hook)"';
  const line = `curl -fsSL ${url}/install.sh | ${secret} sh -s -- ${words}`;
  const said = await guest.run(['sh', '-c', line], { timeoutMs: 120_000 });
  if (said.code !== 0) throw new Error(`${said.code}: ${said.stdout}${said.stderr}`);
  return said.stdout;
}

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
