import * as v from 'valibot';
import { defaultedKey, flag, optionalKey, secret } from '../lib/schema-atoms.ts';
import type { Outcome } from '../model/delivery.ts';
import { httpEntries } from './http-config.ts';
import { integration } from './integration.ts';
import { urlSecrets } from './mask.ts';
import { ownText } from './own-text.ts';
import { plainText } from './plain-text.ts';
import { revealSecret, whileRotating } from './secret-source.ts';
import { secretUrl } from './secret-url.ts';
import { judgeSlackAnswer } from './slack-answer.ts';
import { tellInChannel } from './slack-app.ts';
import { slackMessage } from './slack-blocks.ts';
import { postToWebhook } from './slack-webhook.ts';
import { webAddress } from './web-address.ts';

const colour = v.pipe(
  ownText,
  v.transform((text) => (text === undefined ? undefined : (namedColours[text] ?? text))),
  v.check(
    (text) => text === undefined || /^#[0-9a-f]{6}$/i.test(text),
    'good, warning, danger or a colour such as #439fe0',
  ),
);

/** The colours that Slack has names for. */
const namedColours: Readonly<Record<string, string>> = {
  good: '#2eb67d',
  warning: '#e8912d',
  danger: '#d40e0d',
};

const postMessage = 'chat.postMessage';

/** The keys of `slack_configs`. */
const entries = {
  api_url: v.optional(secretUrl),
  api_url_file: v.optional(plainText),
  app_token: optionalKey('Token of a bot, instead of api_url.', secret),
  app_token_file: optionalKey('File that holds app_token; read at each send.', plainText),
  app_url: defaultedKey('Where the bot posts.', webAddress, `https://slack.com/api/${postMessage}`),
  update_message: optionalKey(
    'Whether the message of a group is changed as things go on, with news in its thread. Default, with a token: true.',
    flag,
  ),
  channel: v.optional(plainText),
  username: v.optional(ownText),
  icon_emoji: v.optional(ownText),
  icon_url: v.optional(ownText),
  title: optionalKey('In place of the headline.', ownText),
  pretext: optionalKey('Above what happened.', ownText),
  text: optionalKey('Below what happened.', ownText),
  footer: optionalKey('At the end of the message, in small print.', ownText),
  color: optionalKey('Of the panel. Default: by severity.', colour),
  link_names: optionalKey(
    'Whether names become mentions: never.',
    v.literal(false, 'false: what a check prints must not be able to call people by name'),
  ),
  ...httpEntries,
};

type Options = v.InferOutput<v.StrictObjectSchema<typeof entries, undefined>>;

/** Slack, by an incoming webhook or as a bot. */
export const slack = integration({
  entries,
  refuse(options) {
    const { api_url: url, api_url_file: urlFile, app_token: token, app_token_file: file } = options;
    const ways = [url, urlFile, token, file].filter((way) => way !== undefined);
    if (ways.length !== 1) {
      return 'exactly one of api_url, api_url_file, app_token and app_token_file';
    }
    if (!isBot(options)) {
      return options.update_message ? 'update_message together with app_token' : undefined;
    }
    if (options.channel === undefined) return 'a channel together with app_token';
    const { http_config: http } = options;
    if ((http.authorization ?? http.basic_auth ?? http.oauth2 ?? http.bearer_token) !== undefined) {
      return 'no credentials in http_config together with app_token, which is what Slack asks for';
    }
    return updates(options) && !options.app_url.endsWith(`/${postMessage}`)
      ? `an app_url that ends with /${postMessage}, or update_message: false`
      : undefined;
  },
  sendResolvedDefault: false,
  // A webhook cannot change what it posted: a message of its own would be more noise than news.
  tellsAcknowledgement: isBot,
  async send(delivery, options, context): Promise<Outcome> {
    const message = slackMessage(delivery, context, options);
    const { channel, username, icon_emoji, icon_url } = options;
    const look = { channel, username, icon_emoji, icon_url };
    if (isBot(options)) {
      const token = await revealSecret(options.app_token, options.app_token_file);
      if (!token.ok) return token.outcome;
      const way = { ...options, token: token.value, updates: updates(options) };
      const outcome = await tellInChannel(delivery, { ...look, ...message }, way, context);
      return whileRotating(outcome, options.app_token_file);
    }
    const revealed = await revealSecret(options.api_url, options.api_url_file);
    if (!revealed.ok) return revealed.outcome;
    const result = await postToWebhook(revealed.value, { ...look, ...message }, options, context);
    if (!result.ok) return result.outcome;
    return judgeSlackAnswer(result.answer, urlSecrets(revealed.value));
  },
});

function isBot(options: Options): boolean {
  return (options.app_token ?? options.app_token_file) !== undefined;
}

function updates(options: Options): boolean {
  return isBot(options) && options.update_message !== false;
}
