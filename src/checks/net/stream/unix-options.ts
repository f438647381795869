import * as v from 'valibot';
import { flag, type OutputOf } from '../../../lib/schema-atoms.ts';
import type { Strictness } from '../../../lib/choice.ts';
import { dialogueSteps } from './dialogue-steps.ts';
import { tlsBlock } from '../../../lib/tls-options.ts';

const unixEntries = {
  tls: v.optional(flag, false),
  tls_config: v.optional(tlsBlock),
  query_response: dialogueSteps,
};

/** What a `unix:` block gives. */
export type UnixOptions = OutputOf<typeof unixEntries>;

/** Whether TLS is to verify a name that nothing gives: a path does not tell who the server is. */
export function lacksServerName({ tls_config: tls }: UnixOptions): boolean {
  return tls?.insecure_skip_verify !== true && (tls?.server_name ?? '') === '';
}

const unixBlockOf = (strictness: Strictness) =>
  v.pipe(
    v.strictObject(unixEntries, 'a map of unix options'),
    v.check(
      (unix) =>
        strictness === 'lax' ||
        !(unix.tls || unix.query_response.some((step) => step.starttls)) ||
        !lacksServerName(unix),
      'a server_name in tls_config, since a path does not tell who the server is',
    ),
  );

/** The block `unix:`, with the names, defaults and meanings of blackbox_exporter's unix module. */
export const unixBlock = unixBlockOf('strict');
export const unixModuleBlock = unixBlockOf('lax');
