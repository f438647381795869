import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runCommand } from '../support/command-line.ts';
import { eventually } from '../support/eventually.ts';
import { skipUnlessThere } from '../support/own-program.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const script = '/usr/bin/script';
const program = join(import.meta.dirname, '../support/init-on-terminal.ts');

/** `tocsin init` on a terminal of its own, in which somebody types. */
function startOnTerminal(folder: string, environment: Readonly<Record<string, string>> = {}) {
  const child = spawn(script, ['-qec', `'${process.execPath}' '${program}'`, '/dev/null'], {
    cwd: folder,
    env: { ...process.env, TERM: 'dumb', ...environment },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let shown = '';
  child.stdout.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  let seen = 0;
  return {
    /** Waits for the question, and types. */
    async answer(question: string, typed: string): Promise<void> {
      await eventually(() => shown.indexOf(question, seen) !== -1, question);
      seen = shown.indexOf(question, seen) + question.length;
      child.stdin.write(typed);
    },
    async ended(): Promise<{ readonly code: number | null; readonly shown: string }> {
      if (child.exitCode === null) await once(child, 'close');
      return { code: child.exitCode, shown };
    },
  };
}

const webhook = 'https://hooks.example.com/services/T0/B0/not-a-real-one';

test('whoever sits at a terminal is asked whom to tell; secrets are not shown and go into files', async (context) => {
  skipUnlessThere(script, context);
  const folder = temporaryFolder();
  const terminal = startOnTerminal(folder);
  await terminal.answer('Slack webhook URL: ', 'no address\r');
  await terminal.answer('expected a URL', '');
  await terminal.answer('Slack webhook URL: ', `${webhook}\r`);
  await terminal.answer('PagerDuty integration key: ', '\r');
  await terminal.answer('E-mail address: ', 'ops@example.com\r');
  await terminal.answer('mail server, host:port [localhost:25]: ', 'smtp.example.com:587\r');
  await terminal.answer(']: ', '\r');
  await terminal.answer('user name at the mail server: ', 'tocsin\r');
  await terminal.answer('password: ', 'not a real word\r');
  const { code, shown } = await terminal.ended();
  expect(code).toBe(0);
  expect(shown).not.toMatch(/no address|not-a-real-one|not a real word/);
  expect(shown).toContain('ops@example.com');
  const credentials = join(folder, 'credentials');
  const names = (await readdir(credentials)).toSorted();
  expect(names).toEqual(['slack-webhook-url', 'smtp-password']);
  for (const name of names) {
    expect((await stat(join(credentials, name))).mode & 0o777).toBe(0o600);
  }
  expect(await readFile(join(credentials, 'smtp-password'), 'utf8')).toBe('not a real word\n');
  const written = await readFile(join(folder, 'agent.config.yaml'), 'utf8');
  expect(written).toContain(`  slack: \${credential:slack-webhook-url}\n`);
  expect(written).toContain('    smarthost: "smtp.example.com:587"\n    auth_username: "tocsin"\n');
  expect(written).not.toContain('pagerduty:');
  expect(await runCommand(['validate'], { cwd: folder })).toMatchObject({ code: 0 });
});

test('what the environment says is not asked; the end of the input skips the rest', async (context) => {
  skipUnlessThere(script, context);
  const folder = temporaryFolder();
  const terminal = startOnTerminal(folder, { TOCSIN_SLACK_WEBHOOK_URL: webhook });
  await terminal.answer('PagerDuty integration key: ', '\u0004');
  const { code, shown } = await terminal.ended();
  expect(code).toBe(0);
  expect(shown).not.toContain('Slack webhook URL');
  expect(await readFile(join(folder, 'agent.config.yaml'), 'utf8')).toContain(
    '  slack: ${credential:',
  );
});

test('Ctrl-C at a question leaves nothing behind', async (context) => {
  skipUnlessThere(script, context);
  const folder = temporaryFolder();
  const terminal = startOnTerminal(folder);
  await terminal.answer('Slack webhook URL: ', `${webhook}\r`);
  await terminal.answer('PagerDuty integration key: ', '\u0003');
  const { code, shown } = await terminal.ended();
  expect(code).toBe(130);
  expect(shown).toContain('broken off, nothing was written');
  expect(await readdir(folder)).toEqual([]);
});
