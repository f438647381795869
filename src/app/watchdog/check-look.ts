import { basename } from 'node:path';
import { gatewayCommand, type GatewayCommand } from '../../checks/openclaw/gateway-command.ts';
import type { CheckSpec, CheckTypeName } from '../../model/check.ts';
import type { Config } from '../../model/config.ts';
import type { Secret } from '../../model/secret.ts';
import { repeatedLook } from '../check-once.ts';
import { load } from '../load.ts';
import type { ChoiceOptions } from './choose-look.ts';
import { gatewayLook } from './gateway-look.ts';
import { ownUnit } from './own-unit.ts';
import type { ServiceLook } from './service-look.ts';

/** The check of the configuration that is meant for the service, if there is one; or its problems. */
export async function meantLook(
  command: readonly string[],
  options: ChoiceOptions,
): Promise<
  | { readonly look: ServiceLook; readonly what: string }
  | { readonly problems: readonly string[] }
  | undefined
> {
  const loading = await load(options.configFile, options);
  if (!loading.ok) return { problems: loading.problems };
  const { config } = loading.loaded;
  const meant = await meantCheck(command, config);
  if (meant === undefined) return undefined;
  const { spec, why } = meant;
  const what = `the check ${spec.name} of the configuration, ${why}`;
  return { look: specLook(spec, config, command, options), what };
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
