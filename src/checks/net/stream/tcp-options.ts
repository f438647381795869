import * as v from 'valibot';
import { flag } from '../../../lib/schema-atoms.ts';
import { addressEntries, sourceAddress } from '../address-options.ts';
import type { Strictness } from '../../../lib/choice.ts';
import { dialogueSteps } from './dialogue-steps.ts';
import { tlsBlock } from '../../../lib/tls-options.ts';

const tcpEntries = (strictness: Strictness) => ({
  ...addressEntries(strictness),
  source_ip_address: sourceAddress,
  tls: v.optional(flag, false),
  tls_config: v.optional(tlsBlock),
  query_response: dialogueSteps,
});

const tcpBlockOf = (strictness: Strictness) =>
  v.strictObject(tcpEntries(strictness), 'a map of tcp options');

/** The block `tcp:`, with the names, defaults and meanings of blackbox_exporter's tcp module. */
export const tcpBlock = tcpBlockOf('strict');
export const tcpModuleBlock = tcpBlockOf('lax');
export type TcpOptions = v.InferOutput<typeof tcpBlock>;
