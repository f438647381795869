import type { Matcher } from './route.ts';

/** A matcher in a notation that every reader of matchers takes: `severity="critical"`. */
export function formatMatcher({ label, operator, value }: Omit<Matcher, 'matches'>): string {
  const bare = /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label);
  return `${bare ? label : JSON.stringify(label)}${operator}${JSON.stringify(value)}`;
}
