import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { integrationNames, type Outcome } from '../../src/model/delivery.ts';
import { classifyAnswer } from '../../src/notify/classify.ts';
import { passingSlackErrors, permanentSlackErrors } from '../../src/notify/slack-answer.ts';
import { goneMessageErrors } from '../../src/notify/slack-app.ts';
import { integrations } from '../../src/notify/table.ts';
import { sendThrough } from '../support/send-through.ts';
import { type SmtpFault, startSmtpServer } from '../support/smtp-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { createAuthority } from '../support/tls-authority.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/receivers.md'), 'utf8');

/** The rows of the table whose first column has this heading, cell by cell. */
function table(heading: string): string[][] {
  const [, rows = ''] =
    new RegExp(`^\\| ${heading} \\|.*\\n\\| ---.*\\n((?:\\|.*\\n)+)`, 'm').exec(page) ?? [];
  return rows
    .trim()
    .split('\n')
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

const quoted = (text = ''): string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word);
const kindIn = (cell = ''): string => cell.split(',')[0] ?? '';
const reasonOf = (outcome: Outcome): string => (outcome.kind === 'delivered' ? '' : outcome.reason);

describe('the page about receivers', () => {
  test('names the keys of every integration, and what it does with recoveries', () => {
    const shared = new Set(['http_config', 'timeout']);
    const listed = table('integration').map(([name, keys, resolved]) => [
      quoted(name)[0],
      quoted(keys).toSorted(),
      resolved,
    ]);
    expect(listed).toEqual(
      integrationNames.map((name) => {
        const { entries, sendResolvedDefault } = integrations[name];
        const keys = Object.keys(entries).filter((key) => !shared.has(key));
        return [`${name}_configs`, keys.toSorted(), String(sendResolvedDefault)];
      }),
    );
  });

  test('says what every status means', () => {
    const rows = table('status').map(([numbers = '', outcome, reason]) => {
      const [range = '', ...others] = numbers.split(',').map((part) => part.trim());
      const [from, to = from] = range.split('–').map(Number);
      const codes = others.filter((part) => /^\d+$/.test(part)).map(Number);
      return { from: from ?? 0, to: to ?? 0, codes, outcome, reason };
    });
    for (let status = 200; status < 600; status += 1) {
      const fitting = rows.filter(
        ({ from, to, codes }) => (status >= from && status <= to) || codes.includes(status),
      );
      const row = fitting.toSorted((a, b) => a.to - a.from - (b.to - b.from))[0];
      const judge = (isRotating: boolean): Outcome =>
        classifyAnswer(
          { status, headers: {}, body: '', complete: true, secrets: [], isRotating },
          [],
        );
      const outcome = judge(false);
      expect([status, kindIn(row?.outcome), row?.reason]).toEqual([
        status,
        outcome.kind,
        reasonOf(outcome),
      ]);
      const passesFromFile = row?.outcome?.includes('file') ?? false;
      expect(judge(true).kind).toBe(passesFromFile ? 'passing' : outcome.kind);
    }
  });

  test('lists the errors of Slack as they are judged', () => {
    const listed = table('error').flatMap(([errors, outcome, reason]) =>
      quoted(errors).map((error) => [error, `${kindIn(outcome)} ${reason}`] as const),
    );
    const known = [
      ...Object.entries(permanentSlackErrors).map(([error, why]) => [error, `permanent ${why}`]),
      ...Object.entries(passingSlackErrors).map(([error, why]) => [error, `passing ${why}`]),
    ];
    expect(Object.fromEntries(listed)).toEqual(Object.fromEntries(known));
    expect(quoted(/^To a change of a message,[^:]*/m.exec(page)?.[0])).toEqual(goneMessageErrors);
  });

  test.for(table('at'))('is right about a mail server: at %s %s is %s %s', async (row) => {
    const [at, answer, kind, reason = ''] = row;
    using authority = createAuthority();
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'ca.pem'), authority.ca);
    const login = { user: 'tocsin', password: 'correct horse battery' };
    await using server = await startSmtpServer({ tls: authority.issue(), login });
    const action = answer === 'drop' ? 'drop' : { reply: `${answer} said` };
    server.script({ command: at, action } as SmtpFault);
    const outcome = await sendThrough('email', {
      to: 'ops@example.com',
      from: 'tocsin@example.com',
      smarthost: server.smarthost,
      tls_config: { ca_file: join(folder, 'ca.pem') },
      auth_username: login.user,
      auth_password: login.password,
    });
    expect([outcome.kind, reasonOf(outcome)]).toEqual([kind, reason]);
  });
});
