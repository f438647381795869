import type { AlertPost } from '../model/alert-post.ts';
import type { Labels } from '../model/labels.ts';
import { generatorUrlLengthMax, requestBodyBytesMax } from '../model/limits.ts';
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
import type { WebCommands } from './commands.ts';
import type { WebRequest, WebResponse } from './exchange.ts';

/**
 * `POST /api/v2/alerts`. What can be taken is, and the rest is named in an answer of 400. When it cannot be
 * saved, or there is no room, the answer is 500 or 503: whoever sends alerts sends them again.
 */
export async function postAlerts(
  commands: Pick<WebCommands, 'postAlerts'>,
  request: WebRequest,
): Promise<WebResponse> {
  const body = await jsonBody(request, requestBodyBytesMax, 'alerts');
  if ('answer' in body) return body.answer;
  const posts = readPosts(body.value);
  if ('answer' in posts) return posts.answer;
  const { faults, tooMany, saved } = commands.postAlerts(posts.value);
  if (!saved) return plainJson(500, 'the alerts are taken, but cannot be saved');
  const all = tooMany === 0 ? faults : [...faults, `no room for ${tooMany} more alerts`];
  if (all.length === 0) return done;
  return plainJson(tooMany > 0 ? 503 : 400, all.join('; '));
}

function readPosts(value: unknown): Read<readonly AlertPost[]> {
  // Go writes an empty list like this.
  if (value === null) return { value: [] };
  if (!Array.isArray(value)) return { answer: unreadable('alerts', 'it is no list of alerts') };
  const posts: AlertPost[] = [];
  for (const [index, item] of value.entries()) {
    const post = readPost(item, String(index));
    if ('answer' in post) return post;
    posts.push(post.value);
  }
  return { value: posts };
}

function readPost(item: unknown, place: string): Read<AlertPost> {
  const wrong = (why: string) => ({ answer: unreadable('alerts', `${place}${why}`) });
  if (typeof item !== 'object' || item === null || Array.isArray(item))
    return wrong(' is no alert');
  const { labels, annotations, startsAt, endsAt, generatorURL } = item as Record<string, unknown>;
  if (labels === undefined || labels === null) {
    return { answer: codeAnswer(422, 602, `${place}.labels in body is required`) };
  }
  if (!isLabels(labels)) return wrong('.labels is no map of texts');
  const notes = annotations ?? {};
  if (!isLabels(notes)) return wrong('.annotations is no map of texts');
  const start = dateOf(startsAt);
  if (Number.isNaN(start)) return wrong('.startsAt is no date of RFC 3339');
  const end = dateOf(endsAt);
  if (Number.isNaN(end)) return wrong('.endsAt is no date of RFC 3339');
  return {
    value: {
      labels,
      annotations: notes,
      ...(start === undefined ? {} : { startsAt: start as WallMs }),
      ...(end === undefined ? {} : { endsAt: end as WallMs }),
      generatorURL: linkOf(generatorURL),
    },
  };
}

function isLabels(value: unknown): value is Labels {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((text) => typeof text === 'string')
  );
}

/** A link that a message may hold; anything else is left out, for its sake no alert is lost. */
function linkOf(value: unknown): string {
  if (typeof value !== 'string' || value.length > generatorUrlLengthMax) return '';
  return URL.canParse(value) && /^https?:/i.test(value) ? value : '';
}
