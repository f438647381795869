import { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Clock } from '../../lib/clock.ts';
import type { TlsOptions } from '../../lib/tls-options.ts';
import { isFailure, type Failure } from '../net/failure.ts';
import type { ProbeContext } from '../net/probe.ts';
import { connectTo } from '../service/endpoint.ts';
import { readSmallFile } from './small-file.ts';

/** How a gateway with TLS is known to be the right one. */
export interface GatewayTls {
  /** As the check says; undefined: by the certificate in its state folder, which it signs itself. */
  readonly config: TlsOptions | undefined;
  readonly certificatePath: string;
}

/** For what shows nothing that is secret, and where the certificate itself is compared afterwards. */
export const anyCertificate: TlsOptions = { insecure_skip_verify: true };

/**
 * Connects to the gateway on this host, over TLS where it speaks that. Its certificate names no host and
 * leads to no authority, so it is compared with the one on disk, unless `tls_config` says otherwise.
 */
export async function gatewaySocket(
  port: number,
  tls: GatewayTls | undefined,
  deadlineMs: number,
  clock: Clock,
): Promise<Socket | Failure> {
  const deadline = new AbortController();
  const cancel = clock.after(deadlineMs, () => deadline.abort());
  let served: X509Certificate | undefined;
  const context: ProbeContext = {
    clock,
    signal: deadline.signal,
    timeoutMs: deadlineMs,
    log: () => undefined,
    // The only time at which Node tells what was served.
    sawTls: (evidence) => void ([served] = evidence?.certificates ?? []),
  };
  try {
    const target = `127.0.0.1:${port}`;
    const connected = await connectTo({ target, defaultPort: port }, context);
    if (isFailure(connected) || tls === undefined) {
      return isFailure(connected) ? connected : connected.socket;
    }
    const socket = await connected.secure(tls.config ?? anyCertificate);
    if (isFailure(socket) || tls.config !== undefined) return socket;
    const failure = await whyAnother(served, tls.certificatePath);
    if (failure === undefined) return socket;
    socket.destroy();
    return failure;
  } finally {
    cancel();
  }
}

/** Why what a gateway serves is not the certificate in its file; undefined if it is. */
async function whyAnother(
  served: X509Certificate | undefined,
  path: string,
): Promise<Failure | undefined> {
  const file = await readSmallFile(path);
  const byHand = 'or say how to verify it with tls_config';
  if (file.kind === 'unreadable') {
    const summary = `the certificate of the gateway cannot be compared with the one on disk: ${file.unreadable}, ${byHand}`;
    return { reason: file.reason, summary, unknown: true };
  }
  const expected = file.kind === 'text' ? fingerprintOf(file.text) : undefined;
  if (expected === undefined) {
    const what = file.kind === 'text' ? 'holds no certificate' : 'is not there';
    const summary = `the certificate of the gateway cannot be compared: ${path} ${what}; give its place by gateway.tls.certPath, ${byHand}`;
    return { reason: 'tls', summary, unknown: true };
  }
  if (served?.fingerprint256 === expected) return undefined;
  const summary = `the gateway serves another certificate than ${path} holds, and was shown no token: restart it, ${byHand}`;
  return { reason: 'tls', summary };
}

function fingerprintOf(pem: string): string | undefined {
  try {
    return new X509Certificate(pem).fingerprint256;
  } catch {
    return undefined;
  }
}
