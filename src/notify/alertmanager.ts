import * as v from 'valibot';
import { defaultedKey, nonEmptyText, optionalKey, secret, text } from '../lib/schema-atoms.ts';
import type { Outcome } from '../model/delivery.ts';
import { Secret } from '../model/secret.ts';
import { postedAlerts } from './alertmanager-alerts.ts';
import { classifyAnswer } from './classify.ts';
import { attemptTimeoutMs, httpEntries } from './http-config.ts';
import { httpPost } from './http-post.ts';
import { integration } from './integration.ts';
import { urlSecrets } from './mask.ts';
import { revealSecret } from './secret-source.ts';

/** How often an Alertmanager is told again of what still fires. It keeps alerts in memory only. */
const refreshMs = 5 * 60_000;

const wantedUrl = 'the base URL of an Alertmanager, such as http://alertmanager:9093';

/** What can be read at load is judged at load; a file may only come later. */
function isBase(url: Secret): boolean {
  try {
    const parsed = URL.parse(url.reveal());
    if (parsed === null || !/^https?:$/.test(parsed.protocol)) return false;
    return parsed.search === '' && !/\/api\/v\d/.test(parsed.pathname);
  } catch {
    return true;
  }
}

const baseUrl = v.pipe(secret, v.check(isBase, wantedUrl));

const wantedTarget = 'a target of host and port, such as alertmanager:9093';
const target = v.pipe(nonEmptyText, v.regex(/^[^/\s]+$/, wantedTarget));

/** The keys of `alertmanager_configs`. */
const entries = {
  urls: v.optional(
    v.pipe(
      v.union([baseUrl, v.pipe(v.array(baseUrl), v.minLength(1, wantedUrl))], wantedUrl),
      v.transform((urls) => (Array.isArray(urls) ? urls : [urls])),
      v.description('Base URLs of Alertmanagers; of a pair, both: each is told.'),
    ),
  ),
  static_configs: optionalKey(
    'The same as Prometheus has it: targets without a scheme, instead of urls.',
    v.array(
      v.strictObject({ targets: v.pipe(v.array(target), v.minLength(1, wantedTarget)) }),
      'a list of targets, as in prometheus.yml',
    ),
  ),
  scheme: defaultedKey('Of the targets.', v.picklist(['http', 'https'], 'http or https'), 'http'),
  path_prefix: defaultedKey('Before the path, of the targets.', text, ''),
  ...httpEntries,
};

interface Addresses {
  readonly urls?: readonly Secret[] | undefined;
  readonly static_configs?: readonly { readonly targets: readonly string[] }[] | undefined;
  readonly scheme: string;
  readonly path_prefix: string;
}

function peersOf({ urls, static_configs: listed, scheme, path_prefix: prefix }: Addresses) {
  const path = prefix === '' || prefix.startsWith('/') ? prefix : `/${prefix}`;
  const targets = (listed ?? []).flatMap((group) => group.targets);
  return urls ?? targets.map((target) => Secret.of(`${scheme}://${target}${path}`));
}

/**
 * An Alertmanager, by its API v2, as Prometheus posts to it. Each peer of a pair is told on its own: one
 * that is down must not keep news from the other.
 */
export const alertmanager = integration({
  entries,
  refuse(options) {
    if ((options.urls === undefined) === (options.static_configs === undefined)) {
      return 'exactly one of urls and static_configs';
    }
    return peersOf(options).every(isBase) ? undefined : 'a path_prefix before /api/v2/alerts';
  },
  sendResolvedDefault: true,
  refreshMs,
  spread: (options) =>
    peersOf(options).map((url) => ({ ...options, urls: [url], static_configs: undefined })),
  async send(delivery, options, context) {
    const [peer] = peersOf(options);
    const base = await revealSecret(peer, undefined);
    if (!base.ok) return base.outcome;
    const result = await httpPost({
      url: `${base.value.replace(/\/+$/, '')}/api/v2/alerts`,
      headers: { 'user-agent': context.userAgent },
      body: JSON.stringify(postedAlerts(delivery.notification, context.nowMs)),
      timeoutMs: attemptTimeoutMs(options.timeout, context.timeoutMs),
      signal: context.signal,
      http: options.http_config,
    });
    return ofPeer(
      base.value,
      result.ok ? classifyAnswer(result.answer, urlSecrets(base.value)) : result.outcome,
    );
  },
});

/** A failure together with which peer it is; of its address host and port, which are no secret. */
function ofPeer(base: string, outcome: Outcome): Outcome {
  const host = URL.parse(base)?.host;
  if (outcome.kind === 'delivered' || host === undefined) return outcome;
  return { ...outcome, detail: `${host}: ${outcome.detail}` };
}
