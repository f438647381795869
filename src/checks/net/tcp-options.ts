import * as v from 'valibot';
import { flag, literalText, nonEmptyText, text } from '../../lib/schema-atoms.ts';
import { addressEntries } from './address-options.ts';
import type { Strictness } from './choice.ts';
import { pattern } from './pattern.ts';
import { tlsBlock } from './tls-options.ts';

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

export type DialogueStep = v.InferOutput<typeof step>;

const tcpEntries = (strictness: Strictness) => ({
  ...addressEntries(strictness),
  source_ip_address: v.optional(nonEmptyText),
  tls: v.optional(flag, false),
  tls_config: v.optional(tlsBlock),
  query_response: v.optional(v.array(step, 'a list of steps'), []),
});

const tcpBlockOf = (strictness: Strictness) =>
  v.strictObject(tcpEntries(strictness), 'a map of tcp options');

/** The block `tcp:`, with the names, defaults and meanings of blackbox_exporter's tcp module. */
export const tcpBlock = tcpBlockOf('strict');
export const tcpModuleBlock = tcpBlockOf('lax');
export type TcpOptions = v.InferOutput<typeof tcpBlock>;
