import { jsonOf } from '../../lib/json-of.ts';
import * as v from 'valibot';
import { hostOf, isSecure, portOf } from '../../lib/http-url.ts';
import type { TlsOptions } from '../../lib/tls-options.ts';
import { isFailure, type Failure } from '../net/failure.ts';
import { formatHostPort } from '../net/host-port.ts';
import type { ProbeContext } from '../net/probe.ts';
import { userAgent } from '../net/user-agent.ts';
import { httpCall, type HttpAnswer, type HttpPlace } from './http-get.ts';
import { complaintOf, refusalOf } from './llm-refusal.ts';

/** A provider of language models, and who asks it. */
export interface LlmAccount {
  readonly kind: 'openai' | 'anthropic';
  /** How sentences name it. */
  readonly who: string;
  readonly url: URL;
  /** Empty for providers that want none. */
  readonly key: string;
  readonly tls_config?: TlsOptions | undefined;
}

/** What a provider answered that it took the key. */
interface LlmListing {
  /** Undefined where it offers no list. */
  readonly models: ReadonlySet<string> | undefined;
  readonly answer: HttpAnswer;
}

export interface LlmToken {
  readonly answer: HttpAnswer;
  /** Milliseconds from the request to the first token; undefined if none came. */
  readonly firstTokenMs: number | undefined;
}

/** A call that gave no token; one that was refused at once has cost nothing. */
type LlmCallFailure = Failure & { readonly refused?: true };

const listSchema = v.object({ data: v.array(v.object({ id: v.string() })) });

/** The version of the API whose answers are known here. Source: Anthropic's API reference, "Versions". */
const anthropicVersion = '2023-06-01';

/** Asks which models there are: the cheapest question for which a key is needed. */
export async function listModels(
  account: LlmAccount,
  context: ProbeContext,
): Promise<LlmListing | Failure> {
  const query = account.kind === 'anthropic' ? '?limit=1000' : '';
  const answer = await get(account, `models${query}`, context);
  if (isFailure(answer)) return answer;
  if (answer.status === 404 || answer.status === 405) return { models: undefined, answer };
  if (answer.status !== 200) return refusal(account, answer);
  const parsed = v.safeParse(listSchema, jsonOf(answer.body));
  if (parsed.success) return { models: new Set(parsed.output.data.map(({ id }) => id)), answer };
  const summary = `${account.who}: answers the question for its models with something else`;
  return { reason: 'protocol', summary };
}

/** Whether a provider knows a model that is not in its list: names such as `…-latest` stand for others. */
export async function knowsModel(
  account: LlmAccount,
  model: string,
  context: ProbeContext,
): Promise<boolean> {
  const answer = await get(account, `models/${encodeURIComponent(model)}`, context);
  if (isFailure(answer) || answer.status !== 200) return false;
  return v.is(v.object({ id: v.string() }), jsonOf(answer.body));
}

/** Lets a model write one token. */
export async function askToken(
  account: LlmAccount,
  model: string,
  context: ProbeContext,
): Promise<LlmToken | LlmCallFailure> {
  const first = await ask(account, model, 'max_tokens', context);
  // Newer models of OpenAI know the limit by another name only, and refuse before they cost anything.
  const isOtherName =
    !isFailure(first) &&
    first.answer.status === 400 &&
    first.answer.body.includes('max_completion_tokens');
  const found = isOtherName ? await ask(account, model, 'max_completion_tokens', context) : first;
  if (isFailure(found)) return found;
  const { answer } = found;
  const complaint = complaintIn(answer);
  if (answer.status === 200 && complaint === undefined) {
    const isStream = /^data:/m.test(answer.body);
    if (isStream) return found;
    const summary = `${account.who}: answers the call of ${model} with something else`;
    return { reason: 'protocol', summary };
  }
  // Models that think first may not get to a token: that they were let to is what was asked.
  if (answer.status === 400 && /output limit was reached/.test(answer.body)) return found;
  const failure = refusalOf(account.who, answer, complaint);
  return answer.status === 200 ? failure : { ...failure, refused: true };
}

async function ask(
  account: LlmAccount,
  model: string,
  limitName: string,
  context: ProbeContext,
): Promise<LlmToken | Failure> {
  const startMs = context.clock.now().steadyMs;
  let firstTokenMs: number | undefined;
  let begun = '';
  const messages = [{ role: 'user', content: 'Hi' }];
  const answer = await httpCall(
    placeOf(account),
    {
      method: 'POST',
      path: pathOf(account, account.kind === 'anthropic' ? 'messages' : 'chat/completions'),
      headers: { ...headersOf(account), 'content-type': 'application/json' },
      body: JSON.stringify({ model, messages, stream: true, [limitName]: 1 }),
      onChunk(chunk) {
        if (firstTokenMs !== undefined || begun.length > firstTokenWithin) return;
        begun += chunk.toString('latin1');
        if (tokenPattern[account.kind].test(begun)) {
          firstTokenMs = context.clock.now().steadyMs - startMs;
        }
      },
    },
    context,
  );
  return isFailure(answer) ? named(account, answer) : { answer, firstTokenMs };
}

/** Characters of an answer in which the first token is looked for; it comes within the first hundreds. */
const firstTokenWithin = 64 * 1024;

/** Where a token begins in the stream of each. */
const tokenPattern = {
  openai: /"(?:content|reasoning|reasoning_content)"\s*:\s*"[^"]/,
  anthropic: /"type"\s*:\s*"content_block_delta"/,
} as const;

/** A refusal is the body itself, or an event of a stream that had already begun. */
function complaintIn({ status, body }: HttpAnswer): ReturnType<typeof complaintOf> {
  if (status !== 200) return complaintOf(body);
  const events = body.split('\n').filter((line) => line.startsWith('data:'));
  return events.map((line) => complaintOf(line.slice('data:'.length))).find(Boolean);
}

async function get(
  account: LlmAccount,
  path: string,
  context: ProbeContext,
): Promise<HttpAnswer | Failure> {
  const call = { method: 'GET', path: pathOf(account, path), headers: headersOf(account) } as const;
  const answer = await httpCall(placeOf(account), call, context);
  return isFailure(answer) ? named(account, answer) : answer;
}

function refusal({ who }: LlmAccount, answer: HttpAnswer): Failure {
  return refusalOf(who, answer, complaintOf(answer.body));
}

function named({ who }: LlmAccount, failure: Failure): Failure {
  const kind = failure.reason === 'timeout' ? 'timeout: ' : '';
  return { ...failure, summary: `${who}: ${kind}${failure.summary}` };
}

function placeOf({ url, tls_config }: LlmAccount): HttpPlace {
  const port = portOf(url);
  const target = formatHostPort(hostOf(url), port);
  return { target, defaultPort: port, host: url.host, tls: isSecure(url), tls_config };
}

/** Below the base URL, which for Anthropic is mostly written without the version. */
function pathOf({ kind, url }: LlmAccount, path: string): string {
  const base = url.pathname.replace(/\/+$/, '');
  return `${base}${kind === 'anthropic' && !/\/v\d+$/.test(base) ? '/v1' : ''}/${path}`;
}

function headersOf({ kind, key }: LlmAccount): Record<string, string> {
  const common = { 'user-agent': userAgent, accept: 'application/json, text/event-stream' };
  if (kind === 'anthropic') {
    const own = key === '' ? {} : { 'x-api-key': key };
    return { ...common, 'anthropic-version': anthropicVersion, ...own };
  }
  return key === '' ? common : { ...common, authorization: `Bearer ${key}` };
}
