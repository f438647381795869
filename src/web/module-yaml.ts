import type { ModuleSpec } from '../model/config.ts';

/** Raw bytes are written as `!!binary`, and nothing is folded. */
const options = { customTags: ['binary' as const], lineWidth: 0 };

/** Modules as YAML in the format of blackbox_exporter: every default filled in, secrets masked. */
export async function modulesYaml(modules: readonly ModuleSpec[]): Promise<string> {
  const { stringify } = await import('yaml');
  const byName = modules.map((module) => [module.name, moduleValue(module)] as const);
  return stringify({ modules: Object.fromEntries(byName) }, options);
}

/** One module by itself. */
export async function moduleYaml(module: ModuleSpec): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify(moduleValue(module), options);
}

function moduleValue({ prober, timeoutMs, blocks }: ModuleSpec): object {
  return {
    prober,
    ...(timeoutMs > 0 ? { timeout: `${timeoutMs / 1000}s` } : {}),
    ...(written(blocks) as object),
  };
}

/**
 * A value as it is written: secrets and expressions as their text, without what is empty or off, as these
 * are the same as if they were not there. A default that is on stays, since it can be switched off.
 */
function written(value: unknown): unknown {
  // Without the class: a Buffer would be written as the list of its bytes.
  if (value instanceof Uint8Array) return new Uint8Array(value);
  if (Array.isArray(value)) return value.map(written);
  if (typeof value !== 'object' || value === null) return value;
  if ('toJSON' in value && typeof value.toJSON === 'function') return value.toJSON() as unknown;
  const pairs = Object.entries(value)
    .map(([key, inner]) => [key, written(inner)] as const)
    .filter(([, inner]) => !isNothing(inner));
  return Object.fromEntries(pairs);
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === '' || value === false || value === 0) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (value instanceof Uint8Array) return value.length === 0;
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
