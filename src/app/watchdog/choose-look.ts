import { defaultDirectories, configIn } from '../../config/find.ts';
import { hostPlaces } from '../../checks/host/places.ts';
import { gatewayCommand } from '../../checks/openclaw/gateway-command.ts';
import { gatewayPlace } from '../../checks/openclaw/gateway-life.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Surroundings } from '../load.ts';
import { gatewayLook } from './gateway-look.ts';
import { portLook } from './port-look.ts';
import type { ServiceLook } from './service-look.ts';

export interface ChoiceOptions extends Surroundings {
  readonly clock: Clock;
  readonly homeDirectory: string;
  /** A configuration that was named outright. */
  readonly configFile: string | undefined;
  /** How long one look may take. */
  readonly timeoutMs: number;
  /** A service manager runs us as a unit. */
  readonly isUnit: boolean;
  /** The number of the service's process, once it runs. */
  readonly pid: () => number | undefined;
  readonly say: (sentence: string) => void;
}

/** What nobody named is found out; the sentences are problems of a configuration that was named. */
export type Choice = ServiceLook | { readonly problems: readonly string[] };

/**
 * Finds out how a service is best looked at when nobody says it: an OpenClaw gateway by its own pages, else
 * by the check of the configuration that is meant for it, else by what it listens on, else as a process.
 * Which one it is is told in one line.
 */
export async function chooseLook(
  command: readonly string[],
  options: ChoiceOptions,
): Promise<Choice> {
  const { environment, homeDirectory, configFile, clock, timeoutMs, isUnit, pid, say } = options;
  const other = '(another way: --http URL, --tcp HOST:PORT or --check NAME)';
  const tell = (what: string): void => say(`what decides: ${what} ${other}`);
  const gateway = gatewayCommand(command, environment, homeDirectory);
  if (gateway !== undefined) {
    const { port, source } = await gatewayPlace(gateway);
    tell(
      `/startupz, then /health, of the OpenClaw gateway on port ${port}, which is from ${source}`,
    );
    return gatewayLook(gateway, { clock, timeoutMs, pid });
  }
  if (await mayHaveConfig(options)) {
    // All that can be configured is much for a process that stays beside its service for ever.
    const { meantLook } = await import('./check-look.ts');
    const meant = await meantLook(command, options);
    if (meant !== undefined && 'problems' in meant) {
      const [problem = 'unusable'] = meant.problems;
      if (configFile !== undefined) return meant;
      say(`the configuration of the agent is not looked into: ${problem}`);
    } else if (meant !== undefined) {
      tell(meant.what);
      return meant.look;
    }
  }
  return portLook({ clock, timeoutMs, proc: hostPlaces.proc, isUnit, pid, tell });
}

async function mayHaveConfig({ configFile, environment, cwd }: ChoiceOptions): Promise<boolean> {
  if (configFile !== undefined || (environment['TOCSIN_CONFIG'] ?? '') !== '') return true;
  const found = await Promise.all(defaultDirectories(cwd).map(configIn));
  return found.some((file) => file !== undefined);
}
