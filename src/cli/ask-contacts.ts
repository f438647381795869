import type { Contacts, MailContact } from '../app/proposal/contacts.ts';
import { Secret } from '../model/secret.ts';
import { kinds, senderOfHost, withoutNothing } from './contacts.ts';
import type { Prompt } from './prompt.ts';

/**
 * Asks a person whom to tell, as far as nobody has said so already. Each question can be skipped; what is
 * wrong is asked again.
 */
export async function askContacts(prompt: Prompt, given: Contacts): Promise<Contacts> {
  prompt.say(
    'Who is told when something breaks? Enter skips a question. Secrets are not shown while you type\n' +
      'them, and are kept in files that only you can read.\n',
  );
  const slack = given.slack ?? (await askSecret(prompt, 'Slack webhook URL: ', 'url'));
  const pagerduty =
    given.pagerduty ?? (await askSecret(prompt, 'PagerDuty integration key: ', 'key'));
  const email = given.email ?? (await askMail(prompt));
  return { ...given, ...withoutNothing({ slack, pagerduty, email }) };
}

async function askMail(prompt: Prompt): Promise<MailContact | undefined> {
  const to = await askFor(prompt, 'E-mail address: ', 'mail');
  if (to === undefined) return undefined;
  const usual = 'localhost:25';
  const smarthost =
    (await askFor(prompt, `  mail server, host:port [${usual}]: `, 'server')) ?? usual;
  const sender = senderOfHost();
  const from = (await askFor(prompt, `  sender [${sender}]: `, 'mail')) ?? sender;
  const username = await askFor(prompt, '  user name at the mail server: ', 'text');
  if (username === undefined) return { to, from, smarthost };
  const password = await askSecret(prompt, '  password: ', 'text');
  if (password !== undefined) return { to, from, smarthost, username, password };
  prompt.say('  no password, so without a login\n');
  return { to, from, smarthost };
}

async function askSecret(
  prompt: Prompt,
  question: string,
  kind: keyof typeof kinds,
): Promise<Secret | undefined> {
  const value = await askFor(prompt, question, kind, 'secret');
  return value === undefined ? undefined : Secret.of(value);
}

async function askFor(
  prompt: Prompt,
  question: string,
  kind: keyof typeof kinds,
  shown?: 'secret',
): Promise<string | undefined> {
  const { wanted, isRight } = kinds[kind];
  for (;;) {
    const value = await prompt.ask(question, shown);
    if (value === '') return undefined;
    if (isRight(value)) return value;
    prompt.say(`  expected ${wanted}\n`);
  }
}
