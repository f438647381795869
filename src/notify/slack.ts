import * as v from 'valibot';
import { nonEmptyText, secret } from '../lib/schema-atoms.ts';
import { integration } from './integration.ts';
import { exactlyOneOf } from './secret-source.ts';

/** The keys of `slack_configs` that an incoming webhook understands. */
const entries = {
  api_url: v.optional(secret),
  api_url_file: v.optional(nonEmptyText),
  channel: v.optional(nonEmptyText),
  username: v.optional(nonEmptyText),
  icon_emoji: v.optional(nonEmptyText),
  icon_url: v.optional(nonEmptyText),
};

/** Slack, through an incoming webhook. */
export const slack = integration({
  entries,
  refuse: (options) => exactlyOneOf('api_url', options.api_url, options.api_url_file),
  sendResolvedDefault: false,
  send: () => Promise.resolve({ kind: 'passing', reason: 'internal', detail: 'not built yet' }),
});
