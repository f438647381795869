import { type Heard, heardBy, serviceFiles, startService } from '../guest/agent-service.ts';
import { type SlackServer, startSlackServer } from '../slack-server.ts';
import { executable } from '../tocsin.ts';
import { lender, startVm, type Vm, type VmOptions } from './vm.ts';

export interface AgentVm extends Heard, AsyncDisposable {
  readonly vm: Vm;
  readonly slack: SlackServer;
  /** What systemd says of the service: `systemctl show --property=NAME`. */
  readonly property: (name: string) => Promise<string>;
}

interface AgentVmOptions extends VmOptions {
  /** Drop-ins of `deploy/systemd/grants`, by name. */
  readonly grants?: readonly string[];
  /** A line of shell before the agent is started. */
  readonly prepare?: string;
  /** Whether the service may take only half of a processor, as its unit says; not unless told, as it is emulated. */
  readonly quota?: boolean;
}

/** A plugin that takes a tenth of a second elsewhere takes some here, more when the machine is busy. */
const pace = '10s';
const patienceMs = 90_000;

/** The folder of the service's drop-ins. */
export const drops = '/etc/systemd/system/tocsin.service.d';

/** A virtual machine in which tocsin runs as its packaged service does; see `bootAgent`. */
export async function startAgentVm(
  checks: readonly object[],
  { grants = [], prepare = 'true', quota = false, ...options }: AgentVmOptions = {},
): Promise<AgentVm> {
  await using undo = new AsyncDisposableStack();
  const slack = undo.use(await startSlackServer());
  const { port } = new URL(slack.origin);
  const address = slack.url.replace('127.0.0.1', lender);
  const files = {
    ...serviceFiles(address, checks, grants, pace),
    ...(quota ? {} : { [`${drops}/emulated.conf`]: '[Service]\nCPUQuota=\n' }),
    ...options.files,
  };
  const copies = { '/usr/local/bin/tocsin': executable, ...options.copies };
  const vm = undo.use(await startVm({ files, copies }));
  await vm.lend(Number(port));
  await startService(vm, prepare);
  const keep = undo.move();
  return {
    vm,
    slack,
    property: (name) => vm.say('systemctl', 'show', '--value', `--property=${name}`, 'tocsin'),
    ...heardBy(slack, patienceMs),
    [Symbol.asyncDispose]: () => keep.disposeAsync(),
  };
}

/** The beginnings of messages: what they say, about which check. */
export function headlines(told: readonly string[]): string[] {
  return told.map((text) => text.split(' ').slice(0, 2).join(' '));
}
