/** The lines of the conformance list by section: each is numbered from 01. */
const sections = {
  /** Acceptance: sending, inhibition, silences, cluster, API, command line. */
  A: 22,
  /** Notifying. */
  N: 14,
  /** Routes and groups. */
  R: 10,
  /** Inhibition. */
  I: 2,
  /** Silences. */
  S: 2,
  /** The log of notifications. */
  K: 1,
  /** Time intervals and the text of matchers. */
  M: 2,
  /** Templates. */
  T: 1,
  /** E-mail. */
  E: 1,
  /** PagerDuty. */
  P: 1,
  /** Slack. */
  L: 1,
  /** Webhook. */
  W: 1,
} as const;

/** Every line of the list: `AM-A01`. */
export const ids: readonly string[] = Object.entries(sections).flatMap(([letter, count]) =>
  Array.from({ length: count }, (_, index) => `AM-${letter}${String(index + 1).padStart(2, '0')}`),
);

/** Lines whose tests are called after what they prove: file and titles. */
export const elsewhere: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  'AM-E01': [
    ['notify/email.test.ts', 'a mail goes through STARTTLS with its login, to everybody it is for'],
    ['notify/email.test.ts', 'TLS from the first byte works as well'],
    ['notify/email.test.ts', 'a server without STARTTLS is refused unless it need not have it'],
    ['notify/email.test.ts', 'a wrong password is refused for good'],
    ['notify/email.test.ts', 'a mailbox that does not exist is a refusal for good'],
    ['notify/email.test.ts', 'one incident is one thread, the next one another'],
  ],
  'AM-P01': [
    ['notify/pagerduty.test.ts', 'a failure triggers an incident with everything that is known'],
    [
      'notify/pagerduty.test.ts',
      'links to the runbooks of hundreds of alerts do not make the event too large',
    ],
    ['notify/pagerduty.test.ts', 'a refusal says what PagerDuty did not like'],
  ],
  'AM-L01': [
    ['notify/slack.test.ts', 'a Slack that hangs is given up at the timeout'],
    ['notify/slack.test.ts', 'everything that is too long is cut, and taken by Slack'],
  ],
  'AM-W01': [
    ['notify/webhook.test.ts', 'the body is what Alertmanager posts, key for key'],
    ['notify/webhook.test.ts', 'max_alerts leaves the rest out and says how many'],
    ['notify/webhook.test.ts', 'url_file is read at each send, and a missing one is waited for'],
  ],
};

/** Lines that are about something tocsin does not have, and why. */
export const excused: Readonly<Record<string, string>> = {
  'AM-A17':
    'There is no cluster: one process keeps its log on disk, so there are no peers to agree with.',
  'AM-A18': 'There is no cluster to compare a single process with.',
  'AM-A21': 'There is no prefix of paths: whoever wants one has a proxy take it off.',
  'AM-T01':
    'There are no templates: a message is written by tocsin; its common labels and annotations are compared in the random histories.',
};
