import type { Guest } from '../guest/guest.ts';

/** What a person types, with the webhook's address from a file, and everything that was said. */
export async function pipeToShell(guest: Guest, url: string, words: string): Promise<string> {
  const secret = 'TOCSIN_SLACK_WEBHOOK_URL="$(cat /root/hook)"';
  const line = `curl -fsSL ${url}/install.sh | ${secret} sh -s -- ${words}`;
  const said = await guest.run(['sh', '-c', line], { timeoutMs: 120_000 });
  if (said.code !== 0) throw new Error(`${said.code}: ${said.stdout}${said.stderr}`);
  return said.stdout;
}
