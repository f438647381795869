import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { RequestListener } from 'node:http';
import type { SecureContextOptions, TLSSocket } from 'node:tls';
import type { Logger } from '../lib/log.ts';
import { webRequestTimeoutMs } from '../model/limits.ts';
import { changeDetector } from './change-detector.ts';
import type { TlsConfig } from './web-config.ts';

/**
 * An HTTPS server that takes a renewed certificate with the next connection. Files that do not fit
 * together, as in the middle of a renewal, leave the last good ones in use.
 */
export function createTlsServer(tls: TlsConfig, listener: RequestListener, log: Logger): Server {
  const server = createServer(
    {
      ...secureContext(tls),
      handshakeTimeout: webRequestTimeoutMs,
      requestCert: tls.clientAuth !== 'none',
      rejectUnauthorized: tls.clientAuth === 'require-and-verify',
    },
    listener,
  );
  const changed = changeDetector(files(tls));
  // Ahead of the listener that starts the handshake, so that already this connection gets them.
  server.prependListener('connection', () => {
    if (!changed()) return;
    try {
      server.setSecureContext(secureContext(tls));
      log.info('new certificate in use', { file: tls.certFile });
    } catch (error) {
      log.warn('new certificate not taken, the last good one stays', {
        file: tls.certFile,
        error: String(error),
      });
    }
  });
  if (tls.clientAuth === 'verify-if-given') {
    server.on('secureConnection', (socket: TLSSocket) => {
      const given = Object.keys(socket.getPeerCertificate()).length > 0;
      if (given && !socket.authorized) socket.destroy();
    });
  }
  return server;
}

function files(tls: TlsConfig): readonly string[] {
  return [tls.certFile, tls.keyFile, ...(tls.clientCaFile === undefined ? [] : [tls.clientCaFile])];
}

/** Throws when a file cannot be read or certificate and key do not belong together. */
function secureContext(tls: TlsConfig): SecureContextOptions {
  return {
    cert: readFileSync(tls.certFile),
    key: readFileSync(tls.keyFile),
    minVersion: tls.minVersion,
    ...(tls.clientCaFile === undefined ? {} : { ca: readFileSync(tls.clientCaFile) }),
  };
}
