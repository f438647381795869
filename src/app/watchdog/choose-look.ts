import { basename } from 'node:path';
import { hostPlaces } from '../../checks/host/places.ts';
import { gatewayCommand, type GatewayCommand } from '../../checks/openclaw/gateway-command.ts';
import { gatewayPlace } from '../../checks/openclaw/gateway-life.ts';
import type { Clock } from '../../lib/clock.ts';
import type { CheckSpec, CheckTypeName } from '../../model/check.ts';
import type { Config } from '../../model/config.ts';
import type { Secret } from '../../model/secret.ts';
import { repeatedLook } from '../check-once.ts';
import { load, type Surroundings } from '../load.ts';
import { gatewayLook } from './gateway-look.ts';
import { ownUnit } from './own-unit.ts';
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
type Choice = ServiceLook | { readonly problems: readonly string[] };

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
  const loading = await load(configFile, options);
  if (!loading.ok && configFile !== undefined) return { problems: loading.problems };
  if (loading.ok) {
    const { config } = loading.loaded;
    const meant = await meantCheck(command, config);
    if (meant !== undefined) {
      tell(`the check ${meant.spec.name} of the configuration, ${meant.why}`);
      return specLook(meant.spec, config, command, options);
    }
  } else {
    say(`the configuration of the agent is not looked into: ${loading.problems[0] ?? 'unusable'}`);
  }
  return portLook({ clock, timeoutMs, around: options, proc: hostPlaces.proc, isUnit, pid, tell });
}

/**
 * Looks by a check of the configuration. Of an OpenClaw gateway only its life counts, whatever else the check
 * sees: a restart mends neither channels nor credentials.
 */
export function specLook(
  spec: CheckSpec,
  config: Config,
  command: readonly string[],
  options: Pick<ChoiceOptions, 'clock' | 'environment' | 'homeDirectory' | 'pid' | 'timeoutMs'>,
): ServiceLook {
  if (spec.type !== 'openclaw') return repeatedLook(spec, config);
  const { environment, homeDirectory } = options;
  const written = gatewayCommand(command, environment, homeDirectory);
  const usual = gatewayCommand(['openclaw', 'gateway'], environment, homeDirectory);
  const known = written ?? usual;
  if (known === undefined) return repeatedLook(spec, config);
  return gatewayLook(withOptions(known, spec.options as GatewayOptions), options);
}

/** What the check `openclaw` may say about where its gateway is. */
interface GatewayOptions {
  readonly state_dir?: string;
  readonly port?: number;
  readonly token?: Secret;
}

function withOptions(
  command: GatewayCommand,
  { state_dir: stateFolder = command.stateFolder, port = command.port, token }: GatewayOptions,
): GatewayCommand {
  const isSame = stateFolder === command.stateFolder;
  return {
    ...command,
    stateFolder,
    configPath: isSame ? command.configPath : `${stateFolder}/openclaw.json`,
    port,
    token: token ?? command.token,
  };
}

/** Types that look at the agent or its host, or that would see only that the unit is about to start. */
const aboutOthers: ReadonlySet<CheckTypeName> = new Set<CheckTypeName>([
  'agent',
  'heartbeat',
  'systemd',
  'disk',
  'mount',
  'memory',
  'cpu',
  'load',
  'clock',
  'reboot',
  'oom',
]);

/** Whether a check knows nothing without a running agent. */
export function isAboutAgent({ type }: CheckSpec): boolean {
  return type === 'agent' || type === 'heartbeat';
}

/** The check with a label `unit` for our unit, or else with the name of the unit or of the program. */
async function meantCheck(
  command: readonly string[],
  config: Config,
): Promise<{ readonly spec: CheckSpec; readonly why: string } | undefined> {
  const unit = await ownUnit();
  const bare = unit?.replace(/\.service$/, '');
  const checks = config.checks.filter(({ type }) => !aboutOthers.has(type));
  const labelled = checks.find(
    ({ labels }) => unit !== undefined && [unit, bare].includes(labels['unit']),
  );
  if (labelled !== undefined)
    return { spec: labelled, why: `which has the label unit for ${unit}` };
  const ofUnit = checks.find(({ name }) => name === unit || name === bare);
  if (ofUnit !== undefined) return { spec: ofUnit, why: 'which has the name of this unit' };
  const program = basename(command[0] ?? '');
  const ofProgram = checks.find(({ name }) => name === program);
  return ofProgram && { spec: ofProgram, why: 'which has the name of the program' };
}
