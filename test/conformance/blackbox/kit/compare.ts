import type { ProberName } from '../../../../src/model/check.ts';
import { additions, later, laterLabels, timings, withdrawn } from './known-differences.ts';
import { sampleOf, type Page } from './page.ts';

/** Clocks are read at slightly different moments. */
const slackSeconds = 0.002;

/** The families of a page that tocsin did not add. */
export function commonFamilies(page: Page): string[] {
  return [...page.families.keys()].filter(
    (name) => !additions.some(([pattern]) => pattern.test(name)),
  );
}

/** What is different though it is not known to be; a line each. */
export function differences(prober: ProberName, ours: Page, theirs: Page): string[] {
  const lines: string[] = [];
  if (ours.status !== theirs.status) lines.push(`status ${ours.status}, not ${theirs.status}`);
  const isLater = (name: string): boolean => later.some(([family]) => family === name);
  const own = commonFamilies(ours).filter((name) => !isLater(name) || theirs.families.has(name));
  const wanted = [...theirs.families.keys()].filter(
    (name) => ours.families.has(name) || !isWithdrawn(prober, name),
  );
  lines.push(...own.filter((name) => !wanted.includes(name)).map((name) => `${name} is too much`));
  lines.push(...wanted.filter((name) => !own.includes(name)).map((name) => `${name} is missing`));
  for (const name of own.filter((candidate) => wanted.includes(candidate))) {
    lines.push(...familyDifferences(name, ours, theirs));
  }
  return lines;
}

function isWithdrawn(prober: ProberName, name: string): boolean {
  return withdrawn.some((one) => one.prober === prober && one.family === name);
}

function familyDifferences(name: string, ours: Page, theirs: Page): string[] {
  const own = ours.families.get(name);
  const wanted = theirs.families.get(name);
  if (own === undefined || wanted === undefined) return [];
  const lines = own.type === wanted.type ? [] : [`${name} is of type ${own.type}`];
  const samples = new Map(
    [...own.samples].map(([labels, value]) => [withoutLater(name, labels), value]),
  );
  for (const [labels, value] of wanted.samples) {
    const found = samples.get(labels);
    samples.delete(labels);
    if (found === undefined) lines.push(`${name}${labels} is missing`);
    else if (found !== value && !timings.test(name))
      lines.push(`${name}${labels} is ${found}, not ${value}`);
  }
  return [...lines, ...[...samples.keys()].map((labels) => `${name}${labels} is too much`)];
}

function withoutLater(name: string, labels: string): string {
  return laterLabels.reduce(
    (text, [family, label]) =>
      family === name ? text.replace(new RegExp(`${label}="[^"]*",?`), '') : text,
    labels,
  );
}

/** Times that cannot be: negative ones, and parts that are longer than the whole; a line each. */
export function implausibleTimes(page: Page): string[] {
  const whole = (sampleOf(page, 'probe_duration_seconds') ?? 0) + slackSeconds;
  return [...page.families].flatMap(([name, { samples }]) => {
    if (!timings.test(name)) return [];
    const values = [...samples.values()];
    const sum = values.reduce((total, value) => total + value, 0);
    if (values.some((value) => value < 0)) return [`${name} is negative`];
    return sum > whole ? [`${name} adds up to ${sum} s, more than the probe took`] : [];
  });
}
