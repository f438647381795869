import * as v from 'valibot';
import { plainText } from './plain-text.ts';

/** A default text of Alertmanager, named as `{{ template "slack.default.title" . }}`. */
const namedDefault = /^\{\{-? *template +"\w+\.default\.\w+" +\. *-?\}\}$/;

/**
 * A text of the user's own, used as it stands. One that only names Alertmanager's default stands for none,
 * which is the agent's default; any other template is refused.
 */
export const ownText = v.pipe(
  v.string('a text'),
  v.transform((text): string | undefined => (namedDefault.test(text.trim()) ? undefined : text)),
  v.optional(plainText),
);
