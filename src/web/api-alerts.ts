import * as v from 'valibot';
import { parseMatchers } from '../lib/matcher.ts';
import { formatMatcher } from '../model/format-matcher.ts';
import { silenceRequestBytesMax } from '../model/limits.ts';
import { isMatcherError } from '../model/matcher-syntax.ts';
import type { Matcher } from '../model/route.ts';
import { silenceState, type Silence } from '../model/silence.ts';
import { rfc3339, type WallMs } from '../model/time.ts';
import { alertShape } from './api-shapes.ts';
import { jsonResponse, type WebRequest, type WebResponse, type WebRoute } from './exchange.ts';
import type { WebServerOptions } from './server-options.ts';
import { toldFirst } from './told-first.ts';

/** Alerts, who has taken them on, and silences, with what Alertmanager's API has no words for. */
export function alertRoutes({ commands, clock }: WebServerOptions): readonly WebRoute[] {
  return [
    {
      path: '/api/v1/alerts',
      get: () => jsonResponse(200, { alerts: toldFirst(commands.alerts()).map(alertShape) }),
    },
    {
      path: '/api/v1/acknowledge',
      post: async (request) => {
        const wanted = await read(request, acknowledgeSchema);
        if ('refusal' in wanted) return wanted.refusal;
        const answer = commands.acknowledge(wanted.value);
        if (answer === 'acknowledged') return jsonResponse(200, { acknowledged: true });
        const { alert } = wanted.value;
        const error =
          answer === 'unknown'
            ? `no alert and no check is called ${alert}`
            : `${alert} is not firing: there is nothing to take on`;
        return jsonResponse(answer === 'unknown' ? 404 : 409, { error });
      },
    },
    {
      path: '/api/v1/silences',
      get: () => {
        const now = clock.now().wallMs;
        return jsonResponse(200, {
          silences: commands.silences().map((silence) => silenceShape(silence, now)),
        });
      },
      post: async (request) => putSilence(await read(request, silenceSchema), { commands, clock }),
    },
    {
      path: '/api/v1/silences/:id/expire',
      post: ({ parameters }) => {
        const id = parameters['id'] ?? '';
        const answer = commands.expireSilence(id);
        if (answer === 'expired') return jsonResponse(200, { expired: true });
        const error =
          answer === 'over' ? `silence ${id} is over already` : `there is no silence ${id}`;
        return jsonResponse(answer === 'over' ? 409 : 404, { error });
      },
    },
  ];
}

const acknowledgeSchema = v.object({
  alert: v.string(),
  by: v.optional(v.string(), ''),
  comment: v.optional(v.string(), ''),
});

const date = v.pipe(
  v.string(),
  v.check((text) => !Number.isNaN(Date.parse(text)), 'expected a date'),
  v.transform((text) => Date.parse(text) as WallMs),
);

const silenceSchema = v.object({
  id: v.optional(v.string()),
  matchers: v.array(v.string()),
  startsAt: v.optional(date),
  endsAt: date,
  createdBy: v.optional(v.string(), ''),
  comment: v.optional(v.string(), ''),
  untilOk: v.optional(v.boolean(), false),
});

type Read<Value> = { readonly value: Value } | { readonly refusal: WebResponse };

async function read<Value>(
  request: WebRequest,
  schema: v.GenericSchema<unknown, Value>,
): Promise<Read<Value>> {
  const text = await request.body(silenceRequestBytesMax);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { refusal: jsonResponse(400, { error: 'the body is no JSON' }) };
  }
  const result = v.safeParse(schema, json);
  if (result.success) return { value: result.output };
  const errors = result.issues.map((issue) => `${v.getDotPath(issue) ?? 'body'}: ${issue.message}`);
  return { refusal: jsonResponse(400, { error: errors.join('; ') }) };
}

function putSilence(
  wanted: Read<v.InferOutput<typeof silenceSchema>>,
  { commands, clock }: Pick<WebServerOptions, 'commands' | 'clock'>,
): WebResponse {
  if ('refusal' in wanted) return wanted.refusal;
  const { id, startsAt = clock.now().wallMs, untilOk, matchers: texts, ...rest } = wanted.value;
  const matchers: Matcher[] = [];
  for (const text of texts) {
    const parsed = parseMatchers(text);
    if (isMatcherError(parsed)) {
      return jsonResponse(400, { error: `the matcher ${JSON.stringify(text)} ${parsed.error}` });
    }
    matchers.push(...parsed);
  }
  const answer = commands.putSilence({
    ...rest,
    matchers,
    startsAt,
    ...(id === undefined ? {} : { id }),
    ...(untilOk ? { untilOk } : {}),
  });
  switch (answer.kind) {
    case 'kept':
      return jsonResponse(200, { id: answer.id });
    case 'unknown':
      return jsonResponse(404, { error: `there is no silence ${id ?? ''}` });
    case 'invalid':
      return jsonResponse(400, { error: answer.error });
    default:
      return answer satisfies never;
  }
}

function silenceShape(silence: Silence, now: WallMs): object {
  const { id, matchers, startsAt, endsAt, updatedAt, createdBy, comment, untilOk } = silence;
  return {
    id,
    state: silenceState(silence, now),
    matchers: matchers.map(formatMatcher),
    startsAt: rfc3339(startsAt),
    endsAt: rfc3339(endsAt),
    updatedAt: rfc3339(updatedAt),
    createdBy,
    comment,
    untilOk: untilOk ?? false,
  };
}
