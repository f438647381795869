import { dayOf } from '../../../model/time.ts';
import { isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import type { X509Certificate } from 'node:crypto';
import { errorCode, errorMessage, isFailure, onAbort, timedOut, type Failure } from '../failure.ts';
import type { ProbeContext } from '../probe.ts';
import type { TlsSetup } from '../../../lib/tls-context.ts';

/** A socket after its handshake, with what the server sent. */
export interface Secured {
  readonly socket: TLSSocket;
  /** As sent: the server's own first. */
  readonly certificates: readonly X509Certificate[];
  /** Node's name of the version, such as `TLSv1.3`. */
  readonly version: string;
  /** The cipher suite under its IANA name. */
  readonly cipher: string;
}

interface HandshakeOptions {
  /** Who the server shall be: sent as server name and looked for in the certificate. */
  readonly name: string;
  /** How sentences call the peer. */
  readonly peer: string;
  readonly setup: TlsSetup;
  readonly protocols?: readonly string[];
}

/** A certificate that names hosts only in its subject is not accepted, nor is it by anyone else today. */
function checkIdentity(name: string, certificate: PeerCertificate): Error | undefined {
  if (certificate.subjectaltname !== undefined) return checkServerIdentity(name, certificate);
  return Object.assign(new Error('it names no host (subjectAltName)'), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
}

/**
 * The certificates in the order sent. Node's answer may be asked for once per connection: asking takes
 * the list out of OpenSSL's hands.
 */
function certificatesSent(socket: TLSSocket): X509Certificate[] {
  const list: X509Certificate[] = [];
  for (
    let certificate = socket.getPeerX509Certificate();
    certificate !== undefined;
    certificate = certificate.issuerCertificate
  ) {
    list.push(certificate);
  }
  return list;
}

/** The first day of a certificate, with what is mostly wrong where that is still to come: the clock. */
export function notYetValid({ validFromDate }: X509Certificate, nowMs: number): string {
  const today = dayOf(new Date(nowMs));
  return `${dayOf(validFromDate)}, and the date of this host is ${today}: is its clock right?`;
}

/** Why verification failed, as a sentence about the certificate. */
function verificationFailure(
  error: unknown,
  { name, peer }: HandshakeOptions,
  certificates: readonly X509Certificate[],
  nowMs: number,
): Failure {
  const code = typeof error === 'string' ? error : errorCode(error);
  const [leaf] = certificates;
  const expired = certificates.find((certificate) => certificate.validToDate.getTime() < nowMs);
  const sentence = (): string => {
    switch (code) {
      case 'CERT_HAS_EXPIRED':
        return `expired on ${dayOf(expired?.validToDate ?? new Date(nowMs))}`;
      case 'CERT_NOT_YET_VALID':
        return `is not valid before ${leaf === undefined ? 'a later date' : notYetValid(leaf, nowMs)}`;
      case 'DEPTH_ZERO_SELF_SIGNED_CERT':
        return 'is signed by itself, wanted one signed by a trusted authority';
      case 'SELF_SIGNED_CERT_IN_CHAIN':
      case 'UNABLE_TO_GET_ISSUER_CERT':
      case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
        return 'leads to no trusted authority';
      case 'ERR_TLS_CERT_ALTNAME_INVALID':
        return `is for ${leaf?.subjectAltName ?? 'no named host'}, wanted ${name}`;
      default:
        return `does not verify (${code})`;
    }
  };
  return { reason: 'tls', summary: `the certificate of ${peer} ${sentence()}` };
}

function closedEarly(peer: string): Failure {
  return {
    reason: 'tls',
    summary: `TLS handshake with ${peer} failed: the connection was closed`,
  };
}

function handshakeFailure(error: unknown, peer: string): Failure {
  if (errorCode(error) === 'ECONNRESET') return closedEarly(peer);
  const why = {
    ERR_SSL_WRONG_VERSION_NUMBER: 'the peer does not speak TLS',
    ERR_SSL_PACKET_LENGTH_TOO_LONG: 'the peer does not speak TLS',
  }[errorCode(error)];
  return {
    reason: 'tls',
    summary: `TLS handshake with ${peer} failed: ${why ?? sslReason(error)}`,
  };
}

/** OpenSSL's own words, without its error number and source file. */
function sslReason(error: unknown): string {
  const [, , , reason] = errorMessage(error).split(':');
  return reason === undefined || reason === '' ? errorMessage(error) : reason.toLowerCase();
}

/**
 * Upgrades a connected socket. The certificate is verified here rather than by Node, so that a failure
 * can say what the certificate held; the connection is not used before.
 */
export async function handshake(
  plain: Socket,
  options: HandshakeOptions,
  context: ProbeContext,
): Promise<Secured | Failure> {
  const outcome = await shakeHands(plain, options, context);
  if (isFailure(outcome)) {
    plain.destroy();
    context.log(outcome.summary);
  } else {
    context.log(`TLS handshake done: ${outcome.version}, ${outcome.cipher}`);
  }
  return outcome;
}

async function shakeHands(
  plain: Socket,
  options: HandshakeOptions,
  context: ProbeContext,
): Promise<Secured | Failure> {
  const { name, peer, setup, protocols } = options;
  const tell = (certificates: readonly X509Certificate[], isVerified?: boolean): void =>
    context.sawTls?.({
      certificates,
      ...(isVerified === undefined ? {} : { isVerified }),
      ...(setup.client === undefined ? {} : { client: setup.client }),
    });
  tell([]);
  return new Promise((resolve) => {
    const socket = connect({
      socket: plain,
      host: name,
      servername: isIP(name) === 0 ? name : '',
      secureContext: setup.context,
      rejectUnauthorized: false,
      checkServerIdentity: checkIdentity,
      ...(protocols === undefined ? {} : { ALPNProtocols: [...protocols] }),
    });
    const late = (): Failure => timedOut(context, `in the TLS handshake with ${peer}`);
    const stop = onAbort(context.signal, () => giveUp(late()));
    let isOver = false;
    function settle(outcome: Secured | Failure): void {
      isOver = true;
      stop();
      if (isFailure(outcome)) socket.destroy();
      resolve(outcome);
    }
    function giveUp(failure: Failure): void {
      if (isOver) return;
      // A server that refuses the probe, or falls silent, has often shown its certificate before.
      tell(certificatesSent(socket));
      settle(failure);
    }
    socket.on('error', (error) => giveUp(handshakeFailure(error, peer)));
    // A peer that closes in the middle of the handshake is not always an error to Node.
    socket.once('close', () => giveUp(closedEarly(peer)));
    socket.once('secureConnect', () => {
      const certificates = certificatesSent(socket);
      const error: unknown = socket.authorizationError;
      const nowMs = context.clock.now().wallMs;
      tell(certificates, socket.authorized);
      settle(
        setup.verify && !socket.authorized
          ? verificationFailure(error, options, certificates, nowMs)
          : {
              socket,
              certificates,
              version: socket.getProtocol() ?? '',
              cipher: socket.getCipher().standardName,
            },
      );
    });
  });
}
