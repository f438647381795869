import { realpathSync } from 'node:fs';
import type { Gate } from '../checks/net/gate.ts';
import type { AllowList } from '../lib/allow-list.ts';

/** A gate for one probe on request. */
export interface ProbeGate extends Gate {
  /** Set when the target itself may not be reached; what a redirect led to does not count. */
  readonly targetRefusal: string | undefined;
}

const remedy = 'server.probe.allow in the configuration says what may be reached';

/** Opens for what the list allows, but never for the agent's own socket, which trusts whoever asks. */
export function createProbeGate(
  allowed: AllowList,
  ownSocket: string,
  opened: Gate['opened'],
): ProbeGate {
  let targetRefusal: string | undefined;
  let isFirst = true;
  const judge = (isAllowed: boolean, what: string): string | undefined => {
    const refusal = isAllowed ? undefined : `${what} may not be probed: ${remedy}`;
    if (isFirst) targetRefusal = refusal;
    isFirst = false;
    return refusal;
  };
  return {
    get targetRefusal() {
      return targetRefusal;
    },
    refusal: (host, { ip }) =>
      judge(allowed.address(host, ip), host === ip ? ip : `${host} (${ip})`),
    refusalOfName: (host) => judge(allowed.name(host), host),
    refusalOfPath: (path) =>
      judge(realPath(path) !== realPath(ownSocket) && allowed.path(path), path),
    opened,
  };
}

/** The path without links in it; itself where there is nothing. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
