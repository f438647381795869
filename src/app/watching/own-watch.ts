import { runCheck } from '../../checks/run.ts';
import type { CheckEnvironment } from '../../checks/check-type.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Redact } from '../../lib/redact.ts';
import type { Alert } from '../../model/alert.ts';
import type { CheckSpec } from '../../model/check.ts';
import type { Config } from '../../model/config.ts';
import type { RecordedResult } from '../../model/result.ts';
import type { WallMs } from '../../model/time.ts';
import type { Saved } from '../../store/store.ts';
import type { Journal } from '../pipeline/journal.ts';
import { OwnAlerts } from './own-alerts.ts';
import type { Pipeline, PipelineWorld } from '../pipeline/pipeline.ts';
import type { Ports } from '../ports.ts';
import { StalledWatch } from './stalled-watch.ts';
import { UplinkGuard } from './uplink-guard.ts';

export interface OwnWatchOptions {
  readonly clock: Clock;
  readonly journal: Pick<Journal, 'keep'>;
  readonly saved: Saved['kept'];
  readonly openCheck: Ports['openCheck'];
  readonly environment: CheckEnvironment;
  /** Masks secrets of the present configuration. */
  readonly redact: Redact;
  readonly pipeline: () => Pipeline;
  readonly origin: () => PipelineWorld['origin'];
  readonly nextRunAt: (check: string) => WallMs | undefined;
  readonly runSoon: (check: string) => void;
}

/** What the agent watches about its own watching: that checks are looked at, and that it is not cut off. */
export class OwnWatch {
  readonly stalled: StalledWatch;
  readonly uplink: UplinkGuard;
  readonly #alerts: OwnAlerts;

  constructor(options: OwnWatchOptions) {
    const { clock, journal, saved, environment, redact, pipeline, origin, runSoon } = options;
    const keep: Journal['keep'] = (change) => journal.keep(change);
    const offer = (alerts: readonly Alert[]): void => pipeline().offer(alerts);
    const alerts = new OwnAlerts({ keep, offer }, saved.get('own_alert'));
    this.#alerts = alerts;
    this.stalled = new StalledWatch({ clock, alerts, origin, nextRunAt: options.nextRunAt });
    const look = async (reference: CheckSpec): Promise<RecordedResult> => {
      const open = options.openCheck(reference, environment);
      const result = await runCheck(open, reference, environment, redact);
      open.close?.();
      return result;
    };
    this.uplink = new UplinkGuard(
      {
        clock,
        alerts,
        origin,
        look,
        keep,
        runSoon,
        phaseOf: (check) => pipeline().track(check).state.phase,
        hasten: (checks) => pipeline().hasten(checks),
      },
      saved.get('single')?.get('uplink'),
    );
  }

  /** Takes a configuration. */
  set(specs: ReadonlyMap<string, CheckSpec>, { agent }: Config): void {
    this.stalled.set(specs, agent.stalledAfter ?? 0);
    this.uplink.set(specs, agent.connectivity);
  }

  /** Hears of a result once its check has been judged by it. */
  after(result: RecordedResult): void {
    this.stalled.finished(result);
    this.uplink.after(result);
  }

  resave(): void {
    this.#alerts.resave();
    this.uplink.resave();
  }

  stop(): void {
    this.stalled.stop();
    this.uplink.stop();
  }
}
