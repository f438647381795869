import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Contacts, MailContact } from '../app/proposal/contacts.ts';
import { isWebAddress } from '../lib/web-address.ts';
import { Secret } from '../model/secret.ts';
import { text, UsageError, type CommandContext, type Parsed } from './command.ts';

/** What must be said about one kind of value. */
interface Kind {
  readonly wanted: string;
  readonly isRight: (value: string) => boolean;
}

const address = '[^\\s@,;<>"]+@[^\\s@,;<>"]+';

export const kinds = {
  url: { wanted: 'a URL such as https://hooks.slack.com/services/…', isRight: isWebAddress },
  key: {
    wanted: 'the integration key of a service in PagerDuty (Events API v2)',
    isRight: (value) => /^[\w-]{8,}$/.test(value),
  },
  mail: {
    wanted: 'an e-mail address, or several with commas between them',
    isRight: (value) => new RegExp(`^${address}(?:\\s*,\\s*${address})*$`).test(value),
  },
  server: {
    wanted: 'host:port, such as smtp.example.com:587',
    isRight: (value) => /^(?:\[[^\]\s]+\]|[^:\s]+):\d{1,5}$/.test(value),
  },
  text: { wanted: 'a text', isRight: (value) => value !== '' },
} satisfies Record<string, Kind>;

/** Where each value comes from: its option, the variable that stands for it, and what it must be. */
const sources = {
  slack: {
    option: 'slack-webhook',
    variable: 'TOCSIN_SLACK_WEBHOOK_URL',
    kind: kinds.url,
    placeholder: 'URL|@FILE',
    about: 'an incoming webhook of Slack that is to be told',
  },
  pagerduty: {
    option: 'pagerduty-key',
    variable: 'TOCSIN_PAGERDUTY_KEY',
    kind: kinds.key,
    placeholder: 'KEY|@FILE',
    about: 'the integration key of the service in PagerDuty that is to be told',
  },
  webhook: {
    option: 'webhook',
    variable: 'TOCSIN_WEBHOOK_URL',
    kind: kinds.url,
    placeholder: 'URL|@FILE',
    about: 'a program of your own that is to be told',
  },
  to: {
    option: 'email',
    variable: 'TOCSIN_EMAIL',
    kind: kinds.mail,
    placeholder: 'TO',
    about: 'who is to be told by e-mail',
  },
  from: {
    option: 'email-from',
    variable: 'TOCSIN_EMAIL_FROM',
    kind: kinds.mail,
    placeholder: 'FROM',
    about: 'the sender of e-mail, tocsin@ this host when not given',
  },
  smarthost: {
    option: 'smarthost',
    variable: 'TOCSIN_SMTP_SMARTHOST',
    kind: kinds.server,
    placeholder: 'HOST:PORT',
    about: 'the mail server that takes e-mail',
  },
  username: {
    option: 'smtp-username',
    variable: 'TOCSIN_SMTP_USERNAME',
    kind: kinds.text,
    placeholder: 'NAME',
    about: 'who tocsin is to the mail server',
  },
  password: {
    option: 'smtp-password',
    variable: 'TOCSIN_SMTP_PASSWORD',
    kind: kinds.text,
    placeholder: '@FILE',
    about: 'the password for the mail server',
  },
} as const;

type Source = keyof typeof sources;
const secretSources: ReadonlySet<Source> = new Set(['slack', 'pagerduty', 'webhook', 'password']);

/** The options of the command, each with a value. */
export const contactOptions = Object.fromEntries(
  Object.values(sources).map(({ option, placeholder, variable, about }) => [
    option,
    { type: 'string' as const, value: placeholder, about: `${about}; or ${variable}` },
  ]),
);

/** What options and environment say of whom to tell; `exposed` are options whose secret was written out. */
export function contactsGiven(
  parsed: Parsed,
  context: CommandContext,
): { readonly contacts: Contacts; readonly exposed: readonly string[] } {
  const exposed: string[] = [];
  const value = (source: Source): string | undefined => {
    const { option, variable, kind } = sources[source];
    const written = text(parsed, option);
    const found =
      written === undefined ? context.environment[variable] : contentOf(written, context);
    if (found === undefined || found === '') return undefined;
    const isReference = found.startsWith('${');
    // The value itself is not repeated: it may be a secret.
    if (!isReference && !kind.isRight(found)) {
      throw new UsageError(`--${option} (or ${variable}): expected ${kind.wanted}`);
    }
    if (written === found && !isReference && secretSources.has(source)) exposed.push(`--${option}`);
    return found;
  };
  const secret = (source: Source): Secret | undefined => {
    const found = value(source);
    return found === undefined ? undefined : Secret.of(found);
  };
  const contacts = {
    slack: secret('slack'),
    pagerduty: secret('pagerduty'),
    webhook: secret('webhook'),
    email: mailOf(value, secret('password')),
  };
  return { contacts: withoutNothing(contacts), exposed };
}

function mailOf(
  value: (source: Source) => string | undefined,
  password: Secret | undefined,
): MailContact | undefined {
  const to = value('to');
  if (to === undefined) return undefined;
  const smarthost = value('smarthost');
  if (smarthost === undefined) {
    throw new UsageError(
      '--email needs --smarthost (or TOCSIN_SMTP_SMARTHOST): the mail server that takes the messages, host:port',
    );
  }
  const username = value('username');
  if ((username === undefined) !== (password === undefined)) {
    throw new UsageError(
      '--smtp-username and --smtp-password (or TOCSIN_SMTP_PASSWORD) go together',
    );
  }
  const from = value('from') ?? senderOfHost();
  return { to, from, smarthost, ...withoutNothing({ username, password }) };
}

/** Who the messages come from where nobody says so. */
export function senderOfHost(): string {
  return `tocsin@${hostname()}`;
}

/** An option names a file as `@FILE`, so that a secret need not stand on a command line. */
function contentOf(written: string, { cwd }: CommandContext): string {
  if (!written.startsWith('@')) return written;
  const file = resolve(cwd, written.slice(1));
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new UsageError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

type Present<Values> = { [Key in keyof Values]?: Exclude<Values[Key], undefined> };

export function withoutNothing<Values extends object>(values: Values): Present<Values> {
  const kept = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as Present<Values>;
}
