import { formatHostPort } from '../../checks/net/host-port.ts';
import type { Proposal, ProposedCheck } from './proposal.ts';
import type { Spoken } from './speaks.ts';

/** Something that listens, and what is known of it. */
interface Listening {
  readonly host: string;
  readonly port: number;
  readonly program: string | undefined;
}

/** The check that suits what speaks on a port; none where nobody takes connections any more. */
export function listenerProposal(found: Listening, spoken: Spoken): readonly Proposal[] {
  if (spoken.kind === 'closed') return [];
  const { port, program } = found;
  // Docker has a program of its own listen for what runs in a container.
  const who = program === 'docker-proxy' ? 'a container' : (program ?? 'something');
  const [check, because] = checkOf(found, who, spoken);
  return [{ section: 'services', check, because: `${because} on port ${port}`, port }];
}

type Suited = readonly [check: ProposedCheck, because: string];

function checkOf(
  found: Listening,
  who: string,
  spoken: Exclude<Spoken, { readonly kind: 'closed' }>,
): Suited {
  const { host, port } = found;
  const target = formatHostPort(host, port);
  switch (spoken.kind) {
    case 'http': {
      const { path, status } = spoken;
      const check = {
        name: nameOf(found, 'http'),
        type: 'http',
        target: `http://${target}${path}`,
      };
      return [{ ...check, ...httpBlock(status) }, `${who} answers GET ${path} with ${status}`];
    }
    case 'caddy':
      return [{ name: 'caddy', type: 'caddy', target }, 'the admin API of Caddy listens'];
    case 'redis':
      return [{ name: `redis ${port}`, type: 'redis', target }, 'Redis listens'];
    case 'postgres':
      return [{ name: `postgres ${port}`, type: 'postgres', target }, 'PostgreSQL listens'];
    case 'smtp': {
      const check = { name: nameOf(found, 'smtp'), type: 'smtp', target, tls: 'none' };
      return [check, 'a mail server greets'];
    }
    case 'ssh':
      return [tcpCheck(found, [{ expect: '^SSH-2.0-' }]), 'an SSH server greets'];
    case 'tls': {
      const check = { name: `certificate ${target}`, type: 'certificate', target, verify: false };
      return [check, `${who} speaks TLS`];
    }
    case 'silent':
      // At least it takes connections.
      break;
    // no default
  }
  return [tcpCheck(found, []), `${who} listens`];
}

function nameOf({ port, program }: Listening, type: string): string {
  return program === 'docker-proxy' ? `container port ${port}` : `${program ?? type} ${port}`;
}

function tcpCheck(found: Listening, dialogue: readonly object[]): ProposedCheck {
  return {
    name: nameOf(found, 'tcp'),
    type: 'tcp',
    target: formatHostPort(found.host, found.port),
    ...(dialogue.length === 0 ? {} : { tcp: { query_response: dialogue } }),
  };
}

/** What the answer must be from now on. A server that reports an error of its own is not taken at its word. */
function httpBlock(status: number): object {
  if ((status >= 200 && status < 300) || status >= 500) return {};
  const isRedirect = status >= 300 && status < 400;
  // Where it leads is often a public name, which has a check of its own.
  return {
    http: { valid_status_codes: [status], ...(isRedirect ? { follow_redirects: false } : {}) },
  };
}
