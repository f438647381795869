import { createMatcher } from '../lib/matcher.ts';
import { requestBodyBytesMax } from '../model/limits.ts';
import { isMatcherError } from '../model/matcher-syntax.ts';
import type { Matcher, MatchOperator } from '../model/route.ts';
import { silenceState, type SilenceRequest } from '../model/silence.ts';
import type { WallMs } from '../model/time.ts';
import {
  codeAnswer,
  dateOf,
  done,
  jsonBody,
  plainJson,
  unreadable,
  type Read,
} from './api-v2-answers.ts';
import { filterOf, isWanted } from './api-v2-filters.ts';
import { compareSilences, silenceShape } from './api-v2-shapes.ts';
import type { WebCommands } from './commands.ts';
import type { WebRequest, WebResponse } from './exchange.ts';

type Commands = Pick<WebCommands, 'silences' | 'putSilence' | 'expireSilence'>;

/** `GET /api/v2/silences`. A filter is held against the values that a silence's matchers name. */
export function listSilences(
  commands: Commands,
  { query }: WebRequest,
  nowMs: WallMs,
): WebResponse {
  const filter = filterOf(query);
  if ('answer' in filter) return filter.answer;
  const shown = commands
    .silences()
    .filter((silence) => isWanted(query, silenceState(silence, nowMs)))
    .filter(({ matchers }) => {
      const values = matchers.map(({ label, value }) => [label, value]);
      return filter.value(Object.fromEntries(values) as Record<string, string>);
    });
  const sorted = shown.toSorted((a, b) => compareSilences(a, b, nowMs));
  return plainJson(
    200,
    sorted.map((silence) => silenceShape(silence, nowMs)),
  );
}

export function getSilence(
  commands: Commands,
  { parameters }: WebRequest,
  nowMs: WallMs,
): WebResponse {
  const id = idOf(parameters);
  if ('answer' in id) return id.answer;
  const found = commands.silences().find((silence) => silence.id === id.value);
  return found === undefined
    ? { ...done, status: 404 }
    : plainJson(200, silenceShape(found, nowMs));
}

export function expireSilence(commands: Commands, { parameters }: WebRequest): WebResponse {
  const id = idOf(parameters);
  if ('answer' in id) return id.answer;
  const outcome = commands.expireSilence(id.value);
  if (outcome === 'expired') return done;
  if (outcome === 'unknown') return plainJson(404, 'silence not found');
  return plainJson(500, `silence ${id.value} already expired`);
}

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

function idOf(parameters: WebRequest['parameters']): Read<string> {
  const id = parameters['id'] ?? '';
  if (uuid.test(id)) return { value: id.toLowerCase() };
  const message = `silenceID in path must be of type uuid: ${JSON.stringify(id)}`;
  return { answer: codeAnswer(422, 601, message) };
}

/** `POST /api/v2/silences`: begins a silence, or changes the one that it names. */
export async function putSilence(commands: Commands, request: WebRequest): Promise<WebResponse> {
  const body = await jsonBody(request, requestBodyBytesMax, 'silence');
  if ('answer' in body) return body.answer;
  const wanted = readSilence(body.value);
  if ('answer' in wanted) return wanted.answer;
  const outcome = commands.putSilence(wanted.value);
  if (outcome.kind === 'kept' && outcome.unsaved === true) {
    return plainJson(500, `silence ${outcome.id} holds, but cannot be saved`);
  }
  if (outcome.kind === 'kept') return plainJson(200, { silenceID: outcome.id });
  if (outcome.kind === 'unknown') return plainJson(404, 'silence not found');
  return plainJson(400, `silence invalid: ${outcome.error}`);
}

function readSilence(value: unknown): Read<SilenceRequest> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { answer: unreadable('silence', 'it is no silence') };
  }
  const written = value as Record<string, unknown>;
  for (const name of ['comment', 'createdBy', 'endsAt', 'matchers', 'startsAt']) {
    if (written[name] === undefined || written[name] === null) return missing(name);
  }
  const { comment, createdBy, id = '', untilOk } = written;
  for (const [name, text] of Object.entries({ comment, createdBy, id })) {
    if (typeof text !== 'string') return wrong(`${name} is no text`);
  }
  const startsAt = dateOf(written['startsAt']) ?? 0;
  if (Number.isNaN(startsAt)) return wrong('startsAt is no date of RFC 3339');
  const endsAt = dateOf(written['endsAt']) ?? 0;
  if (Number.isNaN(endsAt)) return wrong('endsAt is no date of RFC 3339');
  const matchers = readMatchers(written['matchers']);
  if ('answer' in matchers) return matchers;
  return {
    value: {
      ...(id === '' ? {} : { id: String(id) }),
      matchers: matchers.value,
      startsAt: startsAt as WallMs,
      endsAt: endsAt as WallMs,
      createdBy: String(createdBy),
      comment: String(comment),
      ...(untilOk === true ? { untilOk } : {}),
    },
  };
}

function readMatchers(value: unknown): Read<readonly Matcher[]> {
  if (!Array.isArray(value)) return wrong('matchers is no list');
  if (value.length === 0) {
    return { answer: codeAnswer(422, 612, 'matchers in body should have at least 1 items') };
  }
  const matchers: Matcher[] = [];
  for (const [index, item] of value.entries()) {
    const { name, value: text, isRegex, isEqual = true } = (item ?? {}) as Record<string, unknown>;
    for (const [key, given] of Object.entries({ isRegex, name, value: text })) {
      if (given === undefined || given === null) return missing(`matchers.${index}.${key}`);
    }
    if (typeof name !== 'string' || typeof text !== 'string') {
      return wrong(`matchers.${index} has a name or a value that is no text`);
    }
    if (typeof isRegex !== 'boolean' || typeof isEqual !== 'boolean') {
      return wrong(`matchers.${index} has neither true nor false where it should`);
    }
    const operator: MatchOperator = isEqual ? (isRegex ? '=~' : '=') : isRegex ? '!~' : '!=';
    const matcher = createMatcher(name, operator, text);
    if (isMatcherError(matcher)) {
      const why = `silence invalid: invalid label matcher ${index}: ${matcher.error}`;
      return { answer: plainJson(400, why) };
    }
    matchers.push(matcher);
  }
  return { value: matchers };
}

function missing(name: string): { readonly answer: WebResponse } {
  return { answer: codeAnswer(422, 602, `${name} in body is required`) };
}

function wrong(why: string): { readonly answer: WebResponse } {
  return { answer: unreadable('silence', why) };
}
