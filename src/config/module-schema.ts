import * as v from 'valibot';
import { parseGoDuration } from '../lib/go-duration.ts';
import { proberNames } from '../model/check.ts';
import { oneOf } from './nearest.ts';
import type { ConfigTables } from './tables.ts';

const timeoutMessage = 'a duration of hours, minutes and seconds, such as 1m30s or 500ms';

/** The `timeout` of a module in the notation of Go; gives milliseconds. Of bare numbers only 0 has a meaning. */
const timeout = v.pipe(
  v.union([v.string(), v.number()], timeoutMessage),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const { value } = dataset;
    const ms = parseGoDuration(String(value));
    if (ms !== undefined) return ms;
    addIssue({ message: timeoutMessage });
    return NEVER;
  }),
);

/** One module as blackbox_exporter has it: a prober, a timeout, and blocks of any probers. */
export function moduleSchema(checkTypes: ConfigTables['checkTypes']) {
  const blocks = proberNames.map((name) => {
    return [name, v.optional(checkTypes[name].prober?.block ?? v.unknown())] as const;
  });
  return v.strictObject(
    {
      prober: v.picklist(proberNames, oneOf(proberNames)),
      timeout: v.optional(timeout, 0),
      ...(Object.fromEntries(blocks) as v.ObjectEntries),
    },
    'a map of prober, timeout and the block of the prober',
  );
}
