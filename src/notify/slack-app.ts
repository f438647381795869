import type { Delivery, NotifyReason, Outcome } from '../model/delivery.ts';
import { attemptTimeoutMs, type HttpConfig } from './http-config.ts';
import { httpPost } from './http-post.ts';
import type { SendContext } from './integration.ts';
import { judgeSlackAnswer, saidBySlack } from './slack-answer.ts';
import type { SlackMessage } from './slack-blocks.ts';

/**
 * Telling a channel as a bot. The first message of a group is posted, and with `updates` it is changed in
 * place for as long as the group lasts, so that the channel shows how things stand; what is new goes into its
 * thread. A change calls nobody, and neither does a thread that nobody follows: what asks somebody to act is
 * shown in the channel as well.
 */

interface Way {
  readonly app_url: string;
  readonly token: string;
  readonly updates: boolean;
  readonly http_config: HttpConfig;
  readonly timeout?: number | undefined;
}

interface Look {
  readonly channel?: string | undefined;
  readonly username?: string | undefined;
  readonly icon_emoji?: string | undefined;
  readonly icon_url?: string | undefined;
}

/** Where the first message of a conversation stands. */
interface Place {
  /** As the configuration named it: under another name a new message begins. */
  readonly wanted: string;
  /** As Slack knows it. */
  readonly channel: string;
  readonly ts: string;
}

/** What is new in the thread, for people to act on. */
const calling = new Set<NotifyReason>(['new alerts added', 'escalated', 'repeat interval elapsed']);

/** Errors of a change that say the message is not there to be changed any more. */
export const goneMessageErrors: readonly string[] = [
  'message_not_found',
  'cant_update_message',
  'edit_window_closed',
];

/** Posts, or changes what was posted. Never throws for what Slack does. */
export async function tellInChannel(
  delivery: Delivery,
  message: SlackMessage & Look,
  way: Way,
  context: SendContext,
): Promise<Outcome> {
  const { reason, status } = delivery.notification;
  const belongs = way.updates && reason !== 'test' && reason !== 'report';
  const known = belongs && reason !== 'first notification' ? recalled(context) : undefined;
  if (known !== undefined && known.wanted === message.channel) {
    const changed = await change(delivery, message, known, way, context);
    if (changed !== undefined) return changed;
  }
  const posted = await call(way.app_url, message, way, context);
  if (!posted.ok) return posted.outcome;
  const { channel, ts } = posted.fields;
  if (belongs && typeof channel === 'string' && typeof ts === 'string') {
    const place: Place = { wanted: message.channel ?? '', channel, ts };
    context.memory.remember(status === 'firing' ? place : undefined);
  }
  return { kind: 'delivered', detail: 'ok' };
}

/** Changes the message and says in its thread what is new; undefined if the message is gone. */
async function change(
  { notification }: Delivery,
  { username, icon_emoji, icon_url, ...message }: SlackMessage & Look,
  place: Place,
  way: Way,
  context: SendContext,
): Promise<Outcome | undefined> {
  const { channel, ts } = place;
  const update = way.app_url.replace(/postMessage$/, 'update');
  // First the change, which can be repeated: a failure after the reply would repeat that one.
  const updated = await call(update, { ...message, channel, ts }, way, context);
  if (!updated.ok) {
    if (!goneMessageErrors.includes(updated.error)) return updated.outcome;
    context.memory.remember(undefined);
    return undefined;
  }
  const isCalling = calling.has(notification.reason);
  const content = notification.reason === 'new alerts added' ? message : { text: message.text };
  const reply = {
    ...content,
    username,
    icon_emoji,
    icon_url,
    channel,
    thread_ts: ts,
    ...(isCalling ? { reply_broadcast: true } : {}),
  };
  const replied = await call(way.app_url, reply, way, context);
  if (!replied.ok) return replied.outcome;
  if (notification.status === 'resolved') context.memory.remember(undefined);
  return { kind: 'delivered', detail: 'ok, in place and in the thread' };
}

function recalled({ memory }: SendContext): Place | undefined {
  const known = memory.recall();
  if (typeof known !== 'object' || known === null) return undefined;
  return 'wanted' in known && 'channel' in known && 'ts' in known ? (known as Place) : undefined;
}

/** What came of calling a method: the fields of its answer, or what any other means. */
type Called =
  | { readonly ok: true; readonly fields: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly outcome: Outcome; readonly error: string };

/** Calls a method of the Web API. */
async function call(
  url: string,
  body: object,
  { token, http_config: http, timeout }: Way,
  context: SendContext,
): Promise<Called> {
  const result = await httpPost({
    url,
    headers: {
      'user-agent': context.userAgent,
      'content-type': 'application/json; charset=utf-8',
      authorization: `Bearer ${token}`,
    },
    body: JSON.stringify(body),
    timeoutMs: attemptTimeoutMs(timeout, context.timeoutMs),
    signal: context.signal,
    http,
  });
  if (!result.ok) return { ok: false, outcome: result.outcome, error: '' };
  const outcome = judgeSlackAnswer(result.answer, [token]);
  const { fields, error } = saidBySlack(result.answer);
  return outcome.kind === 'delivered' ? { ok: true, fields } : { ok: false, outcome, error };
}
