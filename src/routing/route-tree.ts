import { formatLabels, labelValue, type Labels } from '../model/labels.ts';
import { formatMatcher, inMatcherOrder } from '../model/matcher-syntax.ts';
import type { Matcher, Route } from '../model/route.ts';

/** A route that an alert belongs to, with the identity it has in the tree. */
export interface MatchedRoute {
  readonly route: Route;
  /** The chain of matcher sets from the root, such as `{}/{team="x"}`. */
  readonly key: string;
}

/**
 * The routes an alert belongs to, by Alertmanager's rule: depth first; the first child that matches ends
 * the search unless it says `continue`; a node none of whose children matched is the result itself.
 */
export function matchRoutes(root: Route, labels: Labels, parentKey = ''): MatchedRoute[] {
  if (!root.matchers.every((matcher) => matcher.matches(labels))) return [];
  const key = `${parentKey}${formatMatchers(root.matchers)}`;
  const found: MatchedRoute[] = [];
  for (const child of root.routes) {
    const below = matchRoutes(child, labels, `${key}/`);
    found.push(...below);
    if (below.length > 0 && !child.continue) break;
  }
  return found.length > 0 ? found : [{ route: root, key }];
}

/** The receivers that would get an alert with these labels, in order, each once. */
export function receiversFor(root: Route, labels: Labels): string[] {
  return [...new Set(matchRoutes(root, labels).map(({ route }) => route.receiver))];
}

/** The labels by which a route puts alerts together; all of them for `'...'`. */
export function groupLabels(route: Route, labels: Labels): Labels {
  if (route.groupBy[0] === '...') return labels;
  return Object.fromEntries(
    route.groupBy.flatMap((name) => {
      const value = labelValue(labels, name);
      return value === '' ? [] : [[name, value]];
    }),
  );
}

/** The identity of a group: where its route stands in the tree, and the labels it has in common. */
export function groupKey(matched: MatchedRoute, labels: Labels): string {
  return `${matched.key}:${formatLabels(groupLabels(matched.route, labels))}`;
}

/** Every alert asks for the keys of its routes. */
const written = new WeakMap<readonly Matcher[], string>();

function formatMatchers(matchers: readonly Matcher[]): string {
  const known = written.get(matchers);
  if (known !== undefined) return known;
  const text = `{${inMatcherOrder(matchers).map(formatMatcher).join(',')}}`;
  written.set(matchers, text);
  return text;
}
