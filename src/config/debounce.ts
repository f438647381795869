import * as v from 'valibot';
import {
  duration,
  flag,
  optionalKey,
  positiveDuration,
  positiveNumber,
} from '../lib/schema-atoms.ts';
import type { DebouncePolicy } from '../model/check.ts';
import { debounceWindowMax } from '../model/limits.ts';

const windowMessage = `a share such as 3/5: so many failures of the last so many, at most ${debounceWindowMax}`;

function parseWindow(text: string): { failures: number; of: number } | undefined {
  const [, failures, of] = /^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? [];
  const window = { failures: Number(failures), of: Number(of) };
  const fits =
    window.failures >= 1 && window.failures <= window.of && window.of <= debounceWindowMax;
  return fits ? window : undefined;
}

const window = v.pipe(
  v.string(windowMessage),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const parsed = parseWindow(dataset.value);
    if (parsed !== undefined) return parsed;
    addIssue({ message: windowMessage });
    return NEVER;
  }),
);

const shareMessage = 'a share of changes from 0 to 1';
const share = v.pipe(
  v.number(shareMessage),
  v.minValue(0, shareMessage),
  v.maxValue(1, shareMessage),
);

const flapMessage = 'false, or a map of window, high and low';

const flap = v.union(
  [
    flag,
    v.pipe(
      v.strictObject(
        {
          window: optionalKey(
            'How many results are looked at. Default 20.',
            v.pipe(positiveNumber, v.maxValue(debounceWindowMax, `at most ${debounceWindowMax}`)),
          ),
          high: optionalKey('Share of changes that starts flapping. Default 0.5.', share),
          low: optionalKey('Share of changes that ends flapping. Default 0.25.', share),
        },
        flapMessage,
      ),
      v.forward(
        v.check(({ high = 1, low = 0 }) => low <= high, 'a share not above high'),
        ['low'],
      ),
    ),
  ],
  flapMessage,
);

/** The block `debounce:` of a check or of `defaults`. */
export const debounceSchema = v.pipe(
  v.strictObject(
    {
      fail_after: optionalKey(
        'Failures in a row before it is an alert. Default 3.',
        positiveNumber,
      ),
      window: optionalKey('Instead of fail_after: 3/5 is 3 failures of the last 5.', window),
      for: optionalKey('It must also have failed for at least this long. Default 0s.', duration),
      recover_after: optionalKey(
        'Successes in a row before it is over. Default 2.',
        positiveNumber,
      ),
      keep_firing_for: optionalKey(
        'It must also have been sound for at least this long. Default 0s.',
        duration,
      ),
      retry_interval: optionalKey(
        'Time between runs while neither clearly up nor down. Default: the interval.',
        positiveDuration,
      ),
      flap: optionalKey(
        'Shares of changes among the last results that start and end flapping; false is never.',
        flap,
      ),
    },
    'a map of debounce options',
  ),
  v.forward(
    v.check(
      (debounce) => debounce.fail_after === undefined || debounce.window === undefined,
      'either fail_after or window, not both',
    ),
    ['window'],
  ),
);

export type DebounceKeys = v.InferOutput<typeof debounceSchema>;

const flapDefault = { window: 20, high: 0.5, low: 0.25 };

/** The policy of a check: its own keys over those of `defaults` over the built-in ones. */
export function debouncePolicy(
  own: DebounceKeys = {},
  inherited: DebounceKeys = {},
): DebouncePolicy {
  const keys = { ...inherited, ...own };
  // The two ways to count exclude each other, so the check's own way wins as a whole.
  const counted = own.fail_after === undefined && own.window === undefined ? inherited : own;
  const shares = flapShares(own.flap, inherited.flap);
  return {
    failAfter:
      counted.window === undefined
        ? { kind: 'consecutive', failures: counted.fail_after ?? 3 }
        : { kind: 'window', ...counted.window },
    forMs: keys.for ?? 0,
    recoverAfter: keys.recover_after ?? 2,
    keepFiringForMs: keys.keep_firing_for ?? 0,
    ...(keys.retry_interval === undefined ? {} : { retryIntervalMs: keys.retry_interval }),
    ...(shares === undefined ? {} : { flap: shares }),
  };
}

function flapShares(
  own: DebounceKeys['flap'],
  inherited: DebounceKeys['flap'],
): DebouncePolicy['flap'] {
  if ((own ?? inherited) === false) return undefined;
  const written = [inherited, own].filter((keys) => typeof keys === 'object');
  const { window, high, low } = Object.assign({}, ...written) as Partial<typeof flapDefault>;
  return {
    window: window ?? flapDefault.window,
    high: high ?? flapDefault.high,
    low: low ?? Math.min(flapDefault.low, high ?? flapDefault.high),
  };
}
