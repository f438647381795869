import { join } from 'node:path';
import type { Socket } from 'node:net';
import { runUnderDeadline } from '../checks/run.ts';
import { checkTypes } from '../checks/table.ts';
import { defaultModules } from '../config/load.ts';
import { createAllowList, type AllowList } from '../lib/allow-list.ts';
import { redactor, redactResult, type Redact } from '../lib/redact.ts';
import type { Config, ModuleSpec } from '../model/config.ts';
import { elapsedMs } from '../model/time.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Probed, ProbeOrder, WebProber } from '../web/prober.ts';
import type { Agent } from './agent.ts';
import { tables } from './load.ts';
import { createProbeGate } from './probe-gate.ts';
import { socketName } from './socket-name.ts';

/** What a configuration allows probes on request to do, made once for each. */
interface Permissions {
  readonly allowed: AllowList;
  readonly redact: Redact;
}

/** Probes on request, with the modules and under the rules of the present configuration. */
export function createProber(agent: Agent, metrics: Metrics): WebProber {
  const ownPorts = new Set<number>();
  const known = new WeakMap<Config, Permissions>();
  const permissions = (): Permissions => {
    const { config } = agent;
    const made = known.get(config) ?? {
      allowed: createAllowList(config.server.probe.allow),
      redact: redactor(config.secrets),
    };
    known.set(config, made);
    return made;
  };
  return {
    settings: () => agent.config.server.probe,
    module: async (name) =>
      agent.config.modules.get(name) ?? (await defaultModules(tables)).get(name)?.spec,
    async modules() {
      const shipped = [...(await defaultModules(tables)).values()].map(({ spec }) => spec);
      const all = new Map([
        ...shipped.map((spec) => [spec.name, spec] as const),
        ...agent.config.modules,
      ]);
      return [...all.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
    },
    forHostname,
    run: async (order) => run(agent, order, permissions(), (socket) => remember(ownPorts, socket)),
    countUnknown: () => metrics.unknownModule(),
    isOwnConnection: (port) => port !== undefined && ownPorts.has(port),
  };
}

/** A module that asks for another host, in the options of its prober and in what is shown of it. */
function forHostname(module: ModuleSpec, hostname: string): ModuleSpec | string {
  const { prober, options: written } = module;
  const options = checkTypes[prober].prober?.forHostname?.(written, hostname) ?? written;
  if (typeof options === 'string') return options;
  return { ...module, options, blocks: { ...module.blocks, [prober]: options } };
}

async function run(
  agent: Agent,
  { module, target, timeoutMs, log }: ProbeOrder,
  { allowed, redact }: Permissions,
  opened: (socket: Socket) => void,
): Promise<Probed> {
  const { clock } = agent;
  const probe = checkTypes[module.prober].prober?.probe;
  if (probe === undefined) throw new Error(`${module.prober} is no prober`);
  const gate = createProbeGate(allowed, join(agent.options.dataDir, socketName), opened);
  const startedAt = clock.now();
  const context = {
    clock,
    gate,
    timeoutMs,
    log: (line: string) => log(redact(line), 'info'),
    debug: (line: string) => log(redact(line), 'debug'),
  };
  const result = await runUnderDeadline(
    { run: ({ signal }) => probe(target, module.options, { ...context, signal }) },
    timeoutMs,
    { clock },
    { startedAt, timeoutMs, log: context.log },
  );
  const { targetRefusal } = gate;
  if (targetRefusal !== undefined) return { kind: 'refused', why: targetRefusal };
  const durationMs = elapsedMs(startedAt, clock.now());
  return { kind: 'done', result: redactResult(result, redact), durationMs };
}

/**
 * Notes the local port of a connection as long as it is open. Whatever arrives from there at the agent's
 * own address was sent by a probe, on behalf of whoever asked for it, and is not this host's own wish.
 */
function remember(ports: Set<number>, socket: Socket): void {
  socket.once('connect', () => {
    const { localPort } = socket;
    if (localPort === undefined) return;
    ports.add(localPort);
    socket.once('close', () => ports.delete(localPort));
  });
}
