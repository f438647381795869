import { existsSync, readFileSync, statSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join, normalize } from 'node:path';
import { startHttpsServer } from '../http-server.ts';
import { createAuthority } from '../tls-authority.ts';
import type { Guest } from '../guest/guest.ts';

export interface ReleaseServer extends AsyncDisposable {
  /** `https://127.0.0.1:PORT`. */
  readonly url: string;
  readonly port: number;
  /** The paths that were asked for. */
  readonly asked: readonly string[];
  /** From now on this answers for paths with this ending; undefined ends that. */
  readonly spoil: (ending: string, answer: RequestListener | undefined) => void;
  /** The authority that signed its certificate, which nobody trusts by itself. */
  readonly ca: string;
  /** Lets the guest reach the server, and trust it as it trusts the authorities of the web. */
  readonly lendTo: (guest: Guest) => Promise<void>;
}

/** A static host, over TLS, for a folder that can be given later. */
export async function startReleaseServer(): Promise<ReleaseServer & { folder: string }> {
  using authority = createAuthority();
  const { ca } = authority;
  const asked: string[] = [];
  const spoilt = new Map<string, RequestListener>();
  const server = await startHttpsServer(authority.issue(), (request, response) => {
    const path = normalize(request.url ?? '/');
    asked.push(path);
    const spoil = [...spoilt].find(([ending]) => path.endsWith(ending))?.[1];
    if (spoil !== undefined) return spoil(request, response);
    const file = join(world.folder, path);
    if (!existsSync(file) || !statSync(file).isFile()) {
      return void response.writeHead(404).end('<html>not here</html>');
    }
    response.end(readFileSync(file));
  });
  const world = {
    url: server.url,
    port: server.port,
    ca,
    folder: '',
    asked,
    spoil: (ending: string, answer: RequestListener | undefined) => {
      if (answer === undefined) spoilt.delete(ending);
      else spoilt.set(ending, answer);
    },
    lendTo: async (guest: Guest) => {
      await guest.lend(server.port);
      await guest.write('/usr/local/share/ca-certificates/test.crt', ca);
      await guest.say('update-ca-certificates');
    },
    [Symbol.asyncDispose]: async () => server[Symbol.asyncDispose](),
  };
  return world;
}
