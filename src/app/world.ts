import type { CheckEnvironment, OpenCheck } from '../checks/check-type.ts';
import { redactor, type Redact } from '../lib/redact.ts';
import type { CheckSpec } from '../model/check.ts';
import type { Config } from '../model/config.ts';
import { Secret } from '../model/secret.ts';
import type { Ports } from './ports.ts';

/** A configuration brought to life: its checks, ready to run. */
export interface World {
  readonly config: Config;
  readonly specs: ReadonlyMap<string, CheckSpec>;
  readonly open: ReadonlyMap<string, OpenCheck>;
  /** Masks the secrets of this configuration. */
  readonly redact: Redact;
}

/**
 * Opens the checks of a configuration. Those that the former world has unchanged are taken over as they
 * are, with what they remember. Nothing of the former world is touched: if this throws, it goes on.
 */
export function buildWorld(
  config: Config,
  ports: Ports,
  environment: CheckEnvironment,
  former?: World,
): World {
  const specs = new Map<string, CheckSpec>();
  const open = new Map<string, OpenCheck>();
  for (const fresh of config.checks) {
    const known = former?.specs.get(fresh.name);
    const kept = known !== undefined && identity(known) === identity(fresh);
    const spec = kept ? known : fresh;
    specs.set(spec.name, spec);
    const formerOpen = kept ? former?.open.get(spec.name) : undefined;
    open.set(spec.name, formerOpen ?? ports.openCheck(spec, environment));
  }
  return { config, specs, open, redact: redactor(config.secrets) };
}

/** Closes the checks of `former` that `next` did not take over. */
export function closeReplaced(former: World, next: World | undefined): void {
  for (const [name, check] of former.open) {
    if (next?.open.get(name) !== check) check.close?.();
  }
}

/** Two specs are the same exactly when these texts are. Holds secrets: never to be shown or kept. */
function identity(spec: CheckSpec): string {
  return JSON.stringify(
    spec,
    function revealing(this: Record<string, unknown>, key, value: unknown) {
      const raw = this[key];
      if (raw instanceof Secret) return `secret:${revealed(raw)}`;
      if (raw instanceof RegExp) return String(raw);
      return value;
    },
  );
}

function revealed(secret: Secret): string {
  try {
    return secret.reveal();
  } catch {
    return secret.reference;
  }
}
