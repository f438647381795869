import * as v from 'valibot';
import { flag, literalText, text } from '../../../lib/schema-atoms.ts';
import { pattern } from '../pattern.ts';

/** A text, or raw bytes written as YAML `!!binary`. */
const bytes = v.union([literalText('a text'), v.instance(Uint8Array)], 'a text, or !!binary bytes');

const labelName = v.pipe(
  text,
  v.regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'a label name of letters, digits and _'),
);

const step = v.pipe(
  v.strictObject(
    {
      expect: v.optional(pattern),
      expect_bytes: v.optional(bytes),
      labels: v.optional(
        v.array(
          v.strictObject({ name: labelName, value: literalText('a text') }),
          'a list of {name, value}',
        ),
        [],
      ),
      send: v.optional(bytes),
      starttls: v.optional(flag, false),
    },
    'a step with expect, expect_bytes, labels, send or starttls',
  ),
  v.check(
    (options) => options.expect === undefined || options.expect_bytes === undefined,
    'either expect or expect_bytes',
  ),
);

/** `query_response` of the tcp and unix probers. */
export const dialogueSteps = v.optional(v.array(step, 'a list of steps'), []);

export type DialogueStep = v.InferOutput<typeof step>;
