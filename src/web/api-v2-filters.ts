import { parseMatchers } from '../lib/matcher.ts';
import { compilePattern } from '../lib/pattern.ts';
import type { AlertView } from '../model/alert-view.ts';
import type { Labels } from '../model/labels.ts';
import { isMatcherError } from '../model/matcher-syntax.ts';
import { plainJson, type Read } from './api-v2-answers.ts';

/** Reads the matchers of `?filter=`, which may be given several times; all of them must match. */
export function filterOf(query: URLSearchParams): Read<(labels: Labels) => boolean> {
  const tests: ((labels: Labels) => boolean)[] = [];
  for (const text of query.getAll('filter')) {
    const matchers = parseMatchers(text);
    if (isMatcherError(matchers)) {
      return { answer: plainJson(400, `bad matcher format: ${text}`) };
    }
    tests.push((labels) => matchers.every((matcher) => matcher.matches(labels)));
  }
  return { value: (labels) => tests.every((test) => test(labels)) };
}

/** Reads `?receiver=`, a regular expression of whole names. */
export function receiverOf(query: URLSearchParams): Read<(name: string) => boolean> {
  const pattern = query.get('receiver') ?? '';
  if (pattern === '') return { value: () => true };
  try {
    const { matches } = compilePattern(`^(?:${pattern})$`);
    return { value: (name) => matches(name) };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return {
      answer: plainJson(
        400,
        `failed to parse receiver param: error parsing regexp: ${error.message}`,
      ),
    };
  }
}

const yes = new Set(['true', '1', 'yes', 'ok', 'y', 'on', 'selected', 'checked', 't', 'enabled']);

/** A yes or no, yes when it is left out; the words are those of Alertmanager, and all others mean no. */
export function isWanted(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value === null || value === '' || yes.has(value.toLowerCase());
}

/**
 * Reads which alerts a request is about: by label, by receiver, and by what keeps them back. Alertmanager
 * calls an alert active before any group has looked at it, so `unprocessed` leaves nothing out.
 */
export function alertFilter(query: URLSearchParams): Read<(view: AlertView) => boolean> {
  const byLabels = filterOf(query);
  if ('answer' in byLabels) return byLabels;
  const byReceiver = receiverOf(query);
  if ('answer' in byReceiver) return byReceiver;
  const [active, silenced, inhibited, muted] = ['active', 'silenced', 'inhibited', 'muted'].map(
    (name) => isWanted(query, name),
  );
  return {
    value: ({ alert, state, silencedBy, inhibitedBy, mutedBy, receivers }) =>
      (active === true || state === 'suppressed') &&
      (silenced === true || silencedBy.length === 0) &&
      (inhibited === true || inhibitedBy.length === 0) &&
      (muted === true || mutedBy.length === 0) &&
      receivers.some((name) => byReceiver.value(name)) &&
      byLabels.value(alert.labels),
  };
}
