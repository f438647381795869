import type { Secret } from '../../model/secret.ts';

/** Who is told, as somebody has said. */
export interface Contacts {
  readonly slack?: Secret;
  readonly pagerduty?: Secret;
  readonly webhook?: Secret;
  readonly email?: MailContact;
}

export interface MailContact {
  readonly to: string;
  readonly from: string;
  /** `host:port`. */
  readonly smarthost: string;
  readonly username?: string;
  readonly password?: Secret;
}

/** The secrets among the contacts, by the name of the file that each is kept in. */
export function secretsOf({ slack, pagerduty, webhook, email }: Contacts): Map<string, Secret> {
  const all: readonly (readonly [string, Secret | undefined])[] = [
    ['slack-webhook-url', slack],
    ['pagerduty-key', pagerduty],
    ['webhook-url', webhook],
    ['smtp-password', email?.password],
  ];
  return new Map(all.flatMap(([name, secret]) => (secret === undefined ? [] : [[name, secret]])));
}

/** The section `notify`; `referenceTo` gives how the configuration names a secret. */
export function notifyLines(
  contacts: Contacts,
  referenceTo: (name: string) => string,
): readonly string[] {
  const { slack, pagerduty, webhook, email } = contacts;
  const lines = [
    ...(slack === undefined ? [] : [`slack: ${referenceTo('slack-webhook-url')}`]),
    ...(pagerduty === undefined
      ? []
      : [`pagerduty: ${referenceTo('pagerduty-key')} # severity critical only`]),
    ...(email === undefined ? [] : mailLines(email, referenceTo)),
    ...(webhook === undefined ? [] : [`webhook: ${referenceTo('webhook-url')}`]),
  ];
  return lines.length === 0 ? [] : ['notify:', ...lines.map((line) => `  ${line}`)];
}

function mailLines(
  { to, from, smarthost, username, password }: MailContact,
  referenceTo: (name: string) => string,
): readonly string[] {
  const isOwn = /^(?:localhost|127\.|\[::1\])/.test(smarthost);
  const login =
    username === undefined || password === undefined
      ? []
      : [
          `auth_username: ${JSON.stringify(username.replaceAll('$', '$$$$'))}`,
          `auth_password: ${referenceTo('smtp-password')}`,
        ];
  return [
    'email:',
    ...[
      `to: ${JSON.stringify(to.replaceAll('$', '$$$$'))}`,
      `from: ${JSON.stringify(from.replaceAll('$', '$$$$'))}`,
      `smarthost: ${JSON.stringify(smarthost)}`,
      ...login,
      ...(isOwn ? ['require_tls: false # the mail server of this host'] : []),
    ].map((line) => `  ${line}`),
  ];
}
