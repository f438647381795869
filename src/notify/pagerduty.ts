import * as v from 'valibot';
import { defaultedKey, optionalKey, secret, text } from '../lib/schema-atoms.ts';
import { classifyAnswer } from './classify.ts';
import { attemptTimeoutMs, httpEntries } from './http-config.ts';
import { httpPost } from './http-post.ts';
import { integration } from './integration.ts';
import { pagerdutyEvent } from './pagerduty-event.ts';
import { ownText } from './own-text.ts';
import { plainText } from './plain-text.ts';
import { webAddress } from './web-address.ts';
import { exactlyOneOf, revealSecret } from './secret-source.ts';

/** The keys of `pagerduty_configs` that concern Events v2, and `incident`. */
const entries = {
  routing_key: v.optional(secret),
  routing_key_file: v.optional(plainText),
  url: v.optional(webAddress, 'https://events.pagerduty.com/v2/enqueue'),
  client: v.optional(ownText),
  client_url: v.optional(ownText),
  severity: v.optional(
    v.picklist(['critical', 'error', 'warning', 'info'], 'critical, error, warning or info'),
  ),
  class: v.optional(ownText),
  component: v.optional(ownText),
  group: v.optional(ownText),
  details: v.optional(v.record(v.string(), plainText, 'a map of names to texts'), {}),
  links: v.optional(
    v.array(v.strictObject({ href: webAddress, text: v.optional(text) }), 'a list of links'),
    [],
  ),
  images: defaultedKey(
    'Images by their address, each with a link.',
    v.array(
      v.strictObject({ src: webAddress, href: v.optional(webAddress), alt: v.optional(text) }),
      'a list of images',
    ),
    [],
  ),
  description: optionalKey('In place of the headline.', ownText),
  source: optionalKey('What is ill. Default: the host.', ownText),
  /** Whether a group is one incident, or each of its alerts. */
  incident: v.optional(v.picklist(['group', 'alert'], 'group or alert'), 'group'),
  ...httpEntries,
};

/** PagerDuty, Events API v2. */
export const pagerduty = integration({
  entries,
  refuse: (options) => exactlyOneOf('routing_key', options.routing_key, options.routing_key_file),
  sendResolvedDefault: true,
  tellsAcknowledgement: () => true,
  splitsAlerts: (options) => options.incident === 'alert',
  async send(delivery, options, context) {
    const key = await revealSecret(options.routing_key, options.routing_key_file);
    if (!key.ok) return key.outcome;
    const event = pagerdutyEvent(
      delivery,
      { ...options, client: options.client ?? 'tocsin' },
      context,
    );
    const result = await httpPost({
      url: options.url,
      headers: { 'user-agent': context.userAgent },
      body: JSON.stringify({ routing_key: key.value, ...event }),
      timeoutMs: attemptTimeoutMs(options.timeout, context.timeoutMs),
      signal: context.signal,
      http: options.http_config,
    });
    return result.ok ? classifyAnswer(result.answer, [key.value]) : result.outcome;
  },
});
