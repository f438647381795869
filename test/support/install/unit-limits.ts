import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../release.ts';

/** What the unit of systemd lets the agent take of the host. */
export interface UnitLimits {
  readonly memoryBytes: number;
  /** Shares of a core. */
  readonly cores: number;
  readonly tasks: number;
  readonly files: number;
}

/** The resource contract, as deploy/systemd/tocsin.service has it. */
export function unitLimits(): UnitLimits {
  const unit = readFileSync(join(root, 'deploy', 'systemd', 'tocsin.service'), 'utf8');
  const number = (pattern: RegExp): number => {
    const found = pattern.exec(unit)?.[1];
    if (found === undefined) throw new Error(`the unit has no line like ${pattern}`);
    return Number(found);
  };
  return {
    // M is 1024 times 1024, here as in Docker.
    memoryBytes: number(/^MemoryMax=(\d+)M$/m) * 1024 ** 2,
    cores: number(/^CPUQuota=(\d+)%$/m) / 100,
    tasks: number(/^TasksMax=(\d+)$/m),
    files: number(/^LimitNOFILE=(\d+)$/m),
  };
}
