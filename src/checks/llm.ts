import * as v from 'valibot';
import { revealed } from '../lib/http-secret.ts';
import { headerText } from '../lib/header-text.ts';
import { redactor, redactResult } from '../lib/redact.ts';
import {
  defaultedKey,
  nonEmptyText,
  optionalKey,
  type OutputOf,
  positiveDuration,
  positiveNumber,
  secret,
} from '../lib/schema-atoms.ts';
import { tlsBlock } from '../lib/tls-options.ts';
import { Secret } from '../model/secret.ts';
import { checkType } from './check-type.ts';
import { isFailure, unreadable, type Failure } from './net/failure.ts';
import type { ProbeContext } from './net/probe.ts';
import { durationLimits, shareLimits } from './service/figure.ts';
import { findingOf, type Finding } from './service/finding.ts';
import { httpAddress } from './service/http-address.ts';
import { createLlmCallBudget } from './service/llm-call-budget.ts';
import { sumUpProfiles } from './service/llm-failover.ts';
import { lookAtProfile, type LlmProfile, type LlmWishes } from './service/llm-look.ts';

const accountEntries = {
  provider: optionalKey(
    'Which API it speaks: openai, also for all that are compatible, or anthropic. Default openai.',
    v.picklist(['openai', 'anthropic'], 'openai or anthropic'),
  ),
  base_url: optionalKey('Where the API is. Default: that of the provider itself.', httpAddress),
  api_key: optionalKey('The key, best written as ${ENV_NAME} or ${file:/path}.', secret),
  api_key_file: optionalKey('A file that holds the key; it is read at each run.', nonEmptyText),
  model: optionalKey('The model that must be offered.', nonEmptyText),
};

const profile = v.strictObject(
  {
    name: v.pipe(nonEmptyText, v.description('How messages and metrics name the profile.')),
    ...accountEntries,
  },
  'a profile: a map of name and keys such as api_key',
);

const call = v.strictObject(
  {
    every: defaultedKey('How often; after a failure at each run.', positiveDuration, '1h'),
    budget_per_day: defaultedKey(
      'Calls of all profiles together that may cost something, in a day of UTC.',
      positiveNumber,
      48,
    ),
    first_token: optionalKey('How long the first token may take.', durationLimits),
  },
  'a map of every, budget_per_day and first_token',
);

const entries = {
  ...accountEntries,
  tls_config: optionalKey('How TLS is verified; keys as for http.', tlsBlock),
  profiles: optionalKey(
    'Several accounts in the order in which they stand in for each other; what one leaves out is as above.',
    v.pipe(
      v.array(profile, 'a list of profiles'),
      v.minLength(1, 'a list with at least one profile'),
      v.check(
        (list) => new Set(list.map(({ name }) => name)).size === list.length,
        'profiles with names of their own',
      ),
    ),
  ),
  quota: optionalKey(
    'Limits of the share of each quota that is used, as the provider tells it.',
    shareLimits,
  ),
  call: optionalKey('Also lets the model write one token, which costs a little.', call),
};

type Options = OutputOf<typeof entries>;
type Account = Omit<v.InferOutput<typeof profile>, 'name'>;

const defaultUrls = {
  openai: 'https://api.openai.com/v1',
  anthropic: 'https://api.anthropic.com',
} as const;

/** Judges a provider of language models by the answers to the service's own credentials. */
export const llm = checkType({
  entries,
  defaults: { intervalMs: 60_000, timeoutMs: 20_000 },
  refuse(options) {
    const accounts = accountsOf(options);
    const twice = accounts.some(({ api_key: key, api_key_file: file }) => key && file);
    if (twice) return 'either api_key or api_key_file';
    return options.call !== undefined && accounts.some(({ model }) => model === undefined)
      ? 'call needs a model'
      : undefined;
  },
  target: (options) => [...new Set(accountsOf(options).map((one) => urlOf(one).host))].join(', '),
  open({ name, options }, { clock, memory }) {
    const { call: calls, quota } = options;
    const wishes: LlmWishes = {
      quota,
      firstToken: calls?.first_token,
      budget:
        calls &&
        createLlmCallBudget(name, { everyMs: calls.every, perDay: calls.budget_per_day }, memory),
      called: new Map(),
    };
    return {
      async run(run) {
        const context: ProbeContext = { ...run, clock, log: (line) => run.log(line) };
        const keys: string[] = [];
        const looks = accountsOf(options).map(async (account) => {
          const found = await lookAt(account, options, wishes, context, keys);
          return { name: account.name, findings: found };
        });
        const profiles = await Promise.all(looks);
        const left = wishes.budget?.left(clock.now().wallMs);
        const values = left === undefined ? [] : [{ metric: 'calls_left_today', value: left }];
        const result = sumUpProfiles(profiles, values);
        return redactResult(result, redactor(keys.map((key) => Secret.of(key))));
      },
    };
  },
});

/** The accounts that are looked at, in order, with what they inherit. */
function accountsOf(options: Options): readonly (Account & { readonly name: string })[] {
  const { provider, base_url, api_key, api_key_file, model, profiles } = options;
  const common = { provider, base_url, api_key, api_key_file, model };
  if (profiles === undefined) return [{ ...common, name: urlOf(common).host }];
  return profiles.map((one) => {
    // The key and the place of one provider are nothing to another.
    if ((one.provider ?? common.provider ?? 'openai') !== (provider ?? 'openai')) {
      return { model, ...one };
    }
    // A key of its own takes the place of the common one, however that is given.
    const hasKey = (one.api_key ?? one.api_key_file) !== undefined;
    return { ...(hasKey ? { provider, base_url, model } : common), ...one };
  });
}

function urlOf({ provider = 'openai', base_url: url }: Account): URL {
  return url ?? new URL(defaultUrls[provider]);
}

async function lookAt(
  account: Account & { readonly name: string },
  { tls_config }: Options,
  wishes: LlmWishes,
  context: ProbeContext,
  keys: string[],
): Promise<readonly Finding[]> {
  const { name: who, provider: kind = 'openai', model } = account;
  const key = await keyOf(account);
  if (isFailure(key)) return [findingOf({ ...key, summary: `${who}: ${key.summary}` })];
  if (key.text !== '') keys.push(key.text);
  const looked: LlmProfile = {
    account: { kind, who, url: urlOf(account), key: key.text, tls_config },
    model,
  };
  return lookAtProfile(looked, wishes, context);
}

async function keyOf({
  api_key: value,
  api_key_file: file,
}: Account): Promise<{ readonly text: string } | Failure> {
  try {
    const text = await revealed(value, file);
    if (headerText.test(text)) return { text };
    return { reason: 'missing', summary: 'the key is not one line of text', unknown: true };
  } catch (error) {
    return unreadable(error, file ?? 'the key');
  }
}
