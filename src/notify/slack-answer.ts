import type { Outcome, SendFailure } from '../model/delivery.ts';
import { classifyAnswer, describeAnswer, passing } from './classify.ts';
import type { PostAnswer } from './http-post.ts';

/** Errors of Slack that no repetition will cure, as words or as a hash of `error`. */
export const permanentSlackErrors: Readonly<Record<string, SendFailure>> = {
  invalid_payload: 'client_error',
  invalid_blocks: 'client_error',
  invalid_attachments: 'client_error',
  invalid_arguments: 'client_error',
  too_many_attachments: 'client_error',
  msg_too_long: 'client_error',
  msg_blocks_too_long: 'client_error',
  no_text: 'client_error',
  channel_not_found: 'not_found',
  channel_is_archived: 'not_found',
  is_archived: 'not_found',
  not_in_channel: 'not_found',
  no_service: 'not_found',
  no_team: 'not_found',
  action_prohibited: 'auth',
  invalid_token: 'auth',
  invalid_auth: 'auth',
  not_authed: 'auth',
  account_inactive: 'auth',
  token_revoked: 'auth',
  token_expired: 'auth',
  missing_scope: 'auth',
  no_permission: 'auth',
  not_allowed_token_type: 'auth',
  restricted_action: 'auth',
  team_access_not_granted: 'auth',
  ekm_access_denied: 'auth',
};

/** Errors that pass, where the status does not say so; any other that is not known passes as well. */
export const passingSlackErrors: Readonly<Record<string, SendFailure>> = {
  ratelimited: 'rate_limited',
  rate_limited: 'rate_limited',
  message_limit_exceeded: 'rate_limited',
  internal_error: 'server_error',
  fatal_error: 'server_error',
  service_unavailable: 'server_error',
  request_timeout: 'server_error',
};

/** What an answer of Slack says, read as JSON as far as it is; an incoming webhook says `ok`. */
export function saidBySlack({ body, complete }: PostAnswer): {
  readonly ok: boolean;
  readonly error: string;
  readonly fields: Readonly<Record<string, unknown>>;
} {
  const text = body.trim();
  if (complete && text === 'ok') return { ok: true, error: '', fields: {} };
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    return saidInHead(text) ?? { ok: false, error: complete ? text : '', fields: {} };
  }
  if (typeof fields !== 'object' || fields === null) return { ok: false, error: '', fields: {} };
  const known = fields as Readonly<Record<string, unknown>>;
  const { ok, error } = known;
  return { ok: ok === true, error: typeof error === 'string' ? error : '', fields: known };
}

/**
 * What the beginning of an answer says: the rest repeats the message, and may be longer than what is read
 * of it. What was taken must not be sent again for that.
 */
function saidInHead(text: string): ReturnType<typeof saidBySlack> | undefined {
  if (!/^\{\s*"ok"\s*:\s*true\b/.test(text)) return undefined;
  const field = (name: string): string | undefined =>
    new RegExp(`^[^{]*\\{[^{]*"${name}"\\s*:\\s*"([\\w.]+)"`).exec(text)?.[1];
  return { ok: true, error: '', fields: { channel: field('channel'), ts: field('ts') } };
}

/** Slack has taken a message only if it says so: status 200 is not enough. */
export function judgeSlackAnswer(answer: PostAnswer, secrets: readonly string[]): Outcome {
  const outcome = classifyAnswer(answer, secrets);
  if (outcome.kind !== 'delivered') return outcome;
  const said = saidBySlack(answer);
  if (said.ok) return { kind: 'delivered', detail: 'ok' };
  const detail = describeAnswer(answer, secrets);
  const permanent = permanentSlackErrors[said.error];
  if (permanent !== undefined) return { kind: 'permanent', reason: permanent, detail };
  return passing(passingSlackErrors[said.error] ?? 'protocol', detail, answer.headers);
}
