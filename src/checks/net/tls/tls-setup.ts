import { tlsSetup as setUp, type TlsSetup } from '../../../lib/tls-context.ts';
import type { TlsOptions } from '../../../lib/tls-options.ts';
import { unreadable, type Failure } from '../failure.ts';

/** The setup for a `tls_config`, or why a probe cannot look. */
export async function tlsSetup(tls?: TlsOptions): Promise<TlsSetup | Failure> {
  const setup = await setUp(tls);
  if (!('kind' in setup)) return setup;
  if (setup.kind === 'unreadable') return unreadable(setup.error, 'tls_config');
  return { reason: 'tls', summary: `tls_config: ${setup.fault}`, unknown: true };
}
