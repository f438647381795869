import * as v from 'valibot';
import { type ScriptedHttpServer, startScriptedHttpServer } from './scripted-http-server.ts';

/** Slack's limits and formats for incoming webhooks, as its documentation states them. */

const bounded = (max: number) => v.pipe(v.string(), v.minLength(1), v.maxLength(max));

const textObject = (max: number) =>
  v.strictObject({
    type: v.picklist(['mrkdwn', 'plain_text']),
    text: bounded(max),
    verbatim: v.optional(v.boolean()),
    emoji: v.optional(v.boolean()),
  });

const block = v.variant('type', [
  v.strictObject({ type: v.literal('header'), text: textObject(150) }),
  v.pipe(
    v.strictObject({
      type: v.literal('section'),
      text: v.optional(textObject(3000)),
      fields: v.optional(v.pipe(v.array(textObject(2000)), v.minLength(1), v.maxLength(10))),
    }),
    v.check(({ text, fields }) => text !== undefined || fields !== undefined),
  ),
  v.strictObject({
    type: v.literal('context'),
    elements: v.pipe(v.array(textObject(2000)), v.minLength(1), v.maxLength(10)),
  }),
  v.strictObject({ type: v.literal('divider') }),
]);

/** What a message consists of, but for where it goes. */
export const slackContent = {
  text: bounded(40_000),
  username: v.optional(v.string()),
  icon_emoji: v.optional(v.pipe(v.string(), v.regex(/^:[^:]+:$/))),
  icon_url: v.optional(v.pipe(v.string(), v.url())),
  attachments: v.pipe(
    v.array(
      v.strictObject({
        color: v.pipe(v.string(), v.regex(/^#[0-9a-f]{6}$/)),
        fallback: v.string(),
        blocks: v.pipe(v.array(block), v.maxLength(50)),
      }),
    ),
    v.maxLength(100),
  ),
};

const payload = v.strictObject({ ...slackContent, channel: v.optional(v.string()) });

export type SlackPayload = v.InferOutput<typeof payload>;

export interface SlackServer extends ScriptedHttpServer {
  /** The webhook's address; its path is the secret. */
  readonly url: string;
  /** The messages that were taken. */
  messages(): SlackPayload[];
}

const secretPath = '/services/T0123ABCD/B0456EFGH/ijklMNOPqrstUVWXyz012345';

/** A stand-in for hooks.slack.com. */
export async function startSlackServer(): Promise<SlackServer> {
  const server = await startScriptedHttpServer(({ path, headers, body }) => {
    if (path !== secretPath) return { status: 404, body: 'no_service' };
    if (headers['content-type'] !== 'application/json') {
      return { status: 400, body: 'invalid_payload' };
    }
    const { success } = v.safeParse(v.pipe(v.string(), v.parseJson(), payload), body);
    return success ? { status: 200, body: 'ok' } : { status: 400, body: 'invalid_payload' };
  });
  return Object.assign(server, {
    url: server.origin + secretPath,
    messages: () => server.accepted.map(({ body }) => v.parse(payload, JSON.parse(body))),
  });
}
