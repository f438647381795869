import type { CheckResult, MetricFamily } from '../model/result.ts';
import { secretMask, type Secret } from '../model/secret.ts';

/** Replaces every known secret value in a text by `<secret>`. */
export type Redact = (text: string) => string;

/** Shorter values would mask half of every sentence ("on", "1"), and guessing them is no work anyway. */
const lengthMin = 6;

export function redactor(secrets: readonly Secret[]): Redact {
  const values = secrets
    .flatMap((secret) => {
      try {
        const value = secret.reveal();
        return [value, encodeURIComponent(value)];
      } catch {
        return [];
      }
    })
    .filter((value) => value.length >= lengthMin)
    .toSorted((a, b) => b.length - a.length);
  const distinct = [...new Set(values)];
  if (distinct.length === 0) return (text) => text;
  return (text) => {
    const masked = distinct.reduce((left, value) => left.replaceAll(value, secretMask), text);
    return distinct.reduce(withoutBeginning, masked);
  };
}

/**
 * Masks the beginning of a secret where a text was cut off in the middle of it: at its end, or before the
 * ellipsis that stands for the rest.
 */
function withoutBeginning(text: string, secret: string): string {
  let masked = text;
  for (const end of [...text.matchAll(/ ?…|$/g)].toReversed()) {
    for (let length = Math.min(secret.length - 1, end.index); length >= lengthMin; length -= 1) {
      const start = end.index - length;
      if (!masked.startsWith(secret.slice(0, length), start)) continue;
      masked = masked.slice(0, start) + secretMask + masked.slice(end.index);
      break;
    }
  }
  return masked;
}

/**
 * A result without secrets: targets repeat what they were sent, and programs print what they were given.
 * Whatever is kept, shown or told of a run is made of this.
 */
export function redactResult(result: CheckResult, redact: Redact): CheckResult {
  return {
    ...result,
    summary: redact(result.summary),
    detail: result.detail.map(redact),
    families: result.families.map((family) => redactFamily(family, redact)),
    values: result.values.map((value) => ({ ...value, metric: redact(value.metric) })),
    ...(result.facts === undefined
      ? {}
      : { facts: result.facts.map((fact) => ({ ...fact, text: redact(fact.text) })) }),
    ...(result.findings === undefined
      ? {}
      : {
          findings: result.findings.map((found) => ({ ...found, summary: redact(found.summary) })),
        }),
  };
}

function redactFamily(family: MetricFamily, redact: Redact): MetricFamily {
  const samples = family.samples.map(({ labels, value }) => ({
    labels: Object.fromEntries(Object.entries(labels).map(([name, text]) => [name, redact(text)])),
    value,
  }));
  return { ...family, samples };
}
