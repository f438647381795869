import type { CheckEnvironment, CheckMemory, OpenCheck } from '../checks/check-type.ts';
import type { Clock, SteadyAnchor } from '../lib/clock.ts';
import type { CheckSpec } from '../model/check.ts';
import type { Delivery, Outcome } from '../model/delivery.ts';
import type { IntegrationSpec } from '../model/route.ts';
import type { SendContext } from '../notify/integration.ts';
import type { StartCron } from '../schedule/cron.ts';
import type { Opened } from '../store/open.ts';
import type { EvidenceSource } from './evidence.ts';

/** Where the agent touches the world. The simulation puts a fake one behind each. */
export interface Ports {
  /** Continues the steady time of an earlier process from `anchor`. */
  readonly clock: (anchor: SteadyAnchor | undefined) => Clock;
  readonly random: () => number;
  readonly newId: () => string;
  readonly openDatabase: (directory: string) => Opened;
  readonly openCheck: (spec: CheckSpec, environment: CheckEnvironment) => OpenCheck;
  readonly send: (
    delivery: Delivery,
    integration: IntegrationSpec,
    context: SendContext,
  ) => Promise<Outcome>;
  readonly startCron: StartCron;
  /** Absent where there is no host to look at. */
  readonly openEvidence?: (environment: {
    readonly clock: Clock;
    readonly memory: CheckMemory;
  }) => EvidenceSource;
}
