import type { X509Certificate } from 'node:crypto';
import * as v from 'valibot';
import { tlsBlock, type TlsOptions } from '../../lib/tls-options.ts';
import type { Phase } from '../../model/result.ts';
import { addressEntries } from '../net/address-options.ts';
import { connect } from '../net/connect.ts';
import { secure, type TlsPlan } from '../net/dial.ts';
import { dialogueSteps } from '../net/stream/dialogue-steps.ts';
import { isFailure, type Failure } from '../net/failure.ts';
import { describePeer, type HostPort } from '../net/host-port.ts';
import type { ProbeContext } from '../net/probe.ts';
import { resolveHost } from '../net/resolve.ts';
import { playDialogue } from '../net/stream/tcp-dialogue.ts';
import type { TlsEvidence } from '../net/tls/tls-evidence.ts';

/** Protocols that begin in the clear, and what has to be said before TLS (RFC 3207, 2595, 4217). */
export const startTlsKinds = ['smtp', 'imap', 'pop3', 'ftp'] as const;
export type StartTlsKind = (typeof startTlsKinds)[number];

const dialogues: Readonly<Record<StartTlsKind, readonly object[]>> = {
  smtp: [
    { expect: '^220 ' },
    { send: 'EHLO tocsin\r' },
    { expect: '^250[- ](?i:starttls)' },
    { send: 'STARTTLS\r' },
    { expect: '^220 ' },
    { starttls: true },
  ],
  imap: [
    { expect: '^\\* OK' },
    { send: 'a STARTTLS\r' },
    { expect: '^a (?i:ok)' },
    { starttls: true },
  ],
  pop3: [{ expect: '^\\+OK' }, { send: 'STLS\r' }, { expect: '^\\+OK' }, { starttls: true }],
  ftp: [{ expect: '^220 ' }, { send: 'AUTH TLS\r' }, { expect: '^234' }, { starttls: true }],
};

const address = v.parse(v.strictObject(addressEntries('strict')), {});

/** What a server showed of its certificate. */
export interface Served {
  /** As sent, the server's own first; empty where no handshake got that far. */
  readonly certificates: readonly X509Certificate[];
  readonly evidence?: TlsEvidence;
  /** Why the connection or the verification failed. */
  readonly failure?: Failure;
  readonly phases: readonly Phase[];
}

/** Asks a server for its certificate, verified as `tls` says, and hangs up. */
export async function readServed(
  place: HostPort & { readonly startTls?: StartTlsKind | undefined },
  plan: TlsPlan,
  outer: Omit<ProbeContext, 'sawTls'>,
): Promise<Served> {
  let evidence: TlsEvidence | undefined;
  const context: ProbeContext = {
    ...outer,
    sawTls: (seen) => {
      evidence = seen;
    },
  };
  const phases: Phase[] = [];
  const failure = await look(place, plan, context, phases);
  return {
    certificates: evidence?.certificates ?? [],
    ...(evidence === undefined ? {} : { evidence }),
    ...(failure === undefined ? {} : { failure }),
    phases,
  };
}

async function look(
  { host, port, startTls }: HostPort & { readonly startTls?: StartTlsKind | undefined },
  plan: TlsPlan,
  context: ProbeContext,
  phases: Phase[],
): Promise<Failure | undefined> {
  const { found, lookupMs } = await resolveHost(host, address, context);
  phases.push({ name: 'resolve', ms: lookupMs });
  if (isFailure(found)) return found;
  let sinceMs = context.clock.now().steadyMs;
  const took = (name: string): void => {
    const nowMs = context.clock.now().steadyMs;
    phases.push({ name, ms: nowMs - sinceMs });
    sinceMs = nowMs;
  };
  const socket = await connect({ host, address: found, port }, context);
  if (isFailure(socket)) return socket;
  took('connect');
  const peer = describePeer(host, found.ip, port);
  try {
    if (startTls === undefined) {
      const layer = await secure(socket, plan, peer, context);
      return isFailure(layer) ? layer : undefined;
    }
    const steps = v.parse(dialogueSteps, dialogues[startTls]);
    const dialogue = await playDialogue({ socket }, steps, plan, peer, context);
    dialogue.socket.destroy();
    return dialogue.failure;
  } finally {
    took('tls');
    socket.destroy();
  }
}

/** TLS options that verify against the file of authorities, or not at all. */
export function verifying(options: {
  readonly caFile: string | undefined;
  readonly verify: boolean;
}): TlsOptions {
  const { caFile, verify } = options;
  return v.parse(tlsBlock, {
    insecure_skip_verify: !verify,
    ...(caFile === undefined ? {} : { ca_file: caFile }),
  });
}
