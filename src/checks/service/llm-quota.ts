import type { IncomingHttpHeaders } from 'node:http';
import { judgeFigure, type FigureLimits } from './figure.ts';
import type { Finding } from './finding.ts';

/** The quotas that providers tell of, and how each writes them; `{}` stands for limit or remaining. */
const quotas = [
  ['requests', ['x-ratelimit-{}-requests', 'anthropic-ratelimit-requests-{}']],
  ['tokens', ['x-ratelimit-{}-tokens', 'anthropic-ratelimit-tokens-{}']],
  ['input_tokens', ['anthropic-ratelimit-input-tokens-{}']],
  ['output_tokens', ['anthropic-ratelimit-output-tokens-{}']],
] as const;

/**
 * Judges what the headers of an answer say about the quota of the key: how much of it is used, in
 * percent, with what remains as a figure. What an answer does not tell of is left out.
 */
export function judgeQuotas(
  who: string,
  headers: IncomingHttpHeaders,
  limits: FigureLimits = {},
): readonly Finding[] {
  return quotas.flatMap(([name, patterns]) => {
    const read = (which: string): number =>
      Number(patterns.map((pattern) => headers[pattern.replace('{}', which)]).find(Boolean));
    const [limit, remaining] = [read('limit'), read('remaining')];
    if (!(limit > 0) || !(remaining >= 0)) return [];
    const used = Math.min(100, Math.max(0, 100 - (remaining / limit) * 100));
    const what = name.replace('_', ' ');
    const finding = judgeFigure(
      {
        metric: `${name}_used`,
        value: Math.round(used * 10) / 10,
        unit: '%',
        sentence: `${who}: ${remaining} of ${limit} ${what} remain`,
      },
      limits,
    );
    const figures = [
      ...(finding.values ?? []),
      { metric: `${name}_remaining`, value: remaining },
      { metric: `${name}_limit`, value: limit },
    ];
    return [{ ...finding, values: figures }];
  });
}
