import * as v from 'valibot';
import { type ScriptedHttpServer, startScriptedHttpServer } from './scripted-http-server.ts';
import { slackContent } from './slack-server.ts';

/** The methods chat.postMessage and chat.update of Slack's Web API, as its documentation states them. */

const posting = v.strictObject({
  ...slackContent,
  attachments: v.optional(slackContent.attachments),
  channel: v.string(),
  thread_ts: v.optional(v.string()),
  reply_broadcast: v.optional(v.literal(true)),
});

const updating = v.strictObject({
  channel: v.pipe(v.string(), v.startsWith('C', 'channel_not_found')),
  ts: v.string(),
  text: slackContent.text,
  attachments: slackContent.attachments,
});

/** A message as the channel shows it now. */
interface ShownMessage {
  readonly ts: string;
  text: string;
  colour?: string | undefined;
  readonly username?: string | undefined;
  /** Replies in its thread; one that is shown in the channel as well is marked. */
  readonly thread: string[];
}

export interface SlackApi extends ScriptedHttpServer {
  /** The address of chat.postMessage. */
  readonly url: string;
  readonly token: string;
  /** The messages of the channel #ops, oldest first. */
  readonly channel: readonly ShownMessage[];
  /** Takes a message away, as its deletion does. */
  remove(message: ShownMessage | undefined): void;
}

const token = 'xoxb-123456789012-abcdefghijkl';
const channelId = 'C0123ABCD';

/** A stand-in for slack.com/api with a channel #ops, which the bot is a member of. */
export async function startSlackApi(): Promise<SlackApi> {
  const channel: ShownMessage[] = [];
  let count = 0;
  const refused = (error: string) => ({ status: 200, body: JSON.stringify({ ok: false, error }) });
  const server = await startScriptedHttpServer(({ path, headers, body }) => {
    if (headers.authorization !== `Bearer ${token}`) return refused('invalid_auth');
    if (!/^application\/json; charset=utf-8$/.test(headers['content-type'] ?? ''))
      return refused('invalid_form_data');
    const isUpdate = path === '/api/chat.update';
    if (!isUpdate && path !== '/api/chat.postMessage') return refused('unknown_method');
    const parsed = v.safeParse(
      v.pipe(v.string(), v.parseJson(), isUpdate ? updating : posting),
      body,
    );
    if (!parsed.success) return refused('invalid_arguments');
    const said = parsed.output as v.InferOutput<typeof posting> & { readonly ts?: string };
    if (said.channel !== '#ops' && said.channel !== channelId) return refused('channel_not_found');
    count += 1;
    const ts = isUpdate ? (said.ts ?? '') : `1503435956.${String(count).padStart(6, '0')}`;
    const target = channel.find((message) => message.ts === (said.thread_ts ?? said.ts));
    if (isUpdate) {
      if (target === undefined) return refused('message_not_found');
      target.text = said.text;
      target.colour = said.attachments?.[0]?.color;
    } else if (said.thread_ts === undefined) {
      const { text, username, attachments } = said;
      channel.push({ ts, text, username, colour: attachments?.[0]?.color, thread: [] });
    } else {
      if (target === undefined) return refused('thread_not_found');
      target.thread.push(`${said.reply_broadcast === true ? 'to all: ' : ''}${said.text}`);
    }
    // Slack repeats the whole message, whatever its size.
    const answer = { ok: true, channel: channelId, ts, message: { text: said.text, big: body } };
    return { status: 200, body: JSON.stringify(answer) };
  });
  return Object.assign(server, {
    url: `${server.origin}/api/chat.postMessage`,
    token,
    channel,
    remove: (message: ShownMessage | undefined) =>
      void (message === undefined || channel.splice(channel.indexOf(message), 1)),
  });
}
