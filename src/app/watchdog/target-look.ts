import * as v from 'valibot';
import { httpBlock } from '../../checks/net/http/http-options.ts';
import { probeHttp } from '../../checks/net/http/http-probe.ts';
import { openProbe } from '../../checks/net/probe.ts';
import { tcpBlock } from '../../checks/net/stream/tcp-options.ts';
import { probeTcp } from '../../checks/net/stream/tcp-probe.ts';
import { runCheck } from '../../checks/run.ts';
import type { Clock } from '../../lib/clock.ts';
import { viewWithoutAgent } from '../no-agent.ts';
import type { ServiceLook } from './service-look.ts';

interface Limits {
  readonly clock: Clock;
  readonly timeoutMs: number;
}

/**
 * Looks at a URL or at `host:port`, as a check of that type without further keys; `tcp` is the block of that
 * name. Nothing of the configuration is loaded: this process stays beside its service for ever.
 */
export function targetLook(
  type: 'http' | 'tcp',
  target: string,
  { clock, timeoutMs }: Limits,
  tcp: object = {},
): ServiceLook {
  const environment = { clock, view: viewWithoutAgent(new Map()) };
  const open =
    type === 'http'
      ? openProbe(probeHttp, target, v.parse(httpBlock, {}), environment)
      : openProbe(probeTcp, target, v.parse(tcpBlock, tcp), environment);
  const spec = { name: 'service', timeoutMs, expect: 'up' } as const;
  return {
    look: async () => runCheck(open, spec, environment),
    close: () => open.close?.(),
  };
}
