import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as v from 'valibot';
import { humanDuration } from '../../lib/duration.ts';
import { openclawAgentsMax } from '../../model/openclaw-limits.ts';
import { ill, well, worstFound, type Found } from './part.ts';
import type { Scene } from './scene.ts';
import { readSmallFile } from './small-file.ts';
import { notRead } from './state-database.ts';
import { databasesOf } from './storage.ts';

const optionalNumber = v.optional(v.fallback(v.optional(v.number()), undefined));
const optionalText = v.optional(v.fallback(v.optional(v.string()), undefined));

const usage = v.record(
  v.string(),
  v.object({
    cooldownUntil: optionalNumber,
    cooldownReason: optionalText,
    disabledUntil: optionalNumber,
    disabledReason: optionalText,
    lastFailureAt: optionalNumber,
  }),
);

/** How often the credentials could be used: by profile. */
type Usage = v.InferOutput<typeof usage>;

const stateRow = v.object({ state: v.string() });

const stateShape = v.object({ usageStats: v.optional(usage, {}) });

/** The one row of each that tells of cooldowns. The row beside it that holds the keys is never asked for. */
const sharedQuery = `SELECT value_json AS state FROM config_machine_state
  WHERE state_key = 'authProfiles.state'`;
const agentQuery = `SELECT state_json AS state FROM auth_profile_state WHERE state_key = 'primary'`;

/** When the last failures of each profile were; several in a row are a dead key that is tried again. */
export type FailureMemory = Map<string, readonly number[]>;

const repeatsMs = 15 * 60_000;

/** Judges which credentials the gateway does not use for now, without ever reading one. */
export async function judgeCredentials(scene: Scene, memory: FailureMemory): Promise<Found> {
  const { stateFolder } = scene.installation;
  const usages = new Map<string, Usage>();
  const troubles: Found[] = [];
  for (const path of await databasesOf(stateFolder)) {
    const isShared = basename(path) === 'openclaw.sqlite';
    const query = isShared ? sharedQuery : agentQuery;
    const answer = await scene.databases.read(path, query, stateRow);
    const agent = isShared ? '' : basename(dirname(dirname(path)));
    if (answer.kind === 'read') usages.set(agent, usageOf(answer.rows[0]?.state));
    else if (answer.kind !== 'absent') troubles.push(notRead(answer, path));
  }
  const older = await olderUsage(stateFolder);
  for (const [agent, found] of older) if (!usages.has(agent)) usages.set(agent, found);
  if (usages.size === 0 && troubles.length === 0) return well('this version does not offer that');
  const judged = judgeUsage(usages, scene.now.wallMs, memory);
  return worstFound([...troubles, ...judged.troubles], judged.healthy);
}

function usageOf(text: string | undefined): Usage {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), stateShape), text);
  return parsed.success ? parsed.output.usageStats : {};
}

/** Older versions keep it in files; of one that holds keys as well, only the usage is kept. */
async function olderUsage(stateFolder: string): Promise<readonly (readonly [string, Usage])[]> {
  const agents = await readdir(join(stateFolder, 'agents')).catch(() => []);
  const found: (readonly [string, Usage])[] = [];
  for (const agent of agents.slice(0, openclawAgentsMax)) {
    for (const name of ['auth-state.json', 'auth-profiles.json']) {
      const file = await readSmallFile(join(stateFolder, 'agents', agent, 'agent', name));
      if (file.kind !== 'text') continue;
      found.push([agent, usageOf(file.text)]);
      break;
    }
  }
  return found;
}

function judgeUsage(
  usages: ReadonlyMap<string, Usage>,
  nowMs: number,
  memory: FailureMemory,
): { readonly troubles: readonly Found[]; readonly healthy: Found } {
  const all = [...usages].flatMap(([agent, found]) =>
    Object.entries(found).map(([profile, one]) => ({
      ...one,
      name: agent === '' ? profile : `${profile} of agent ${agent}`,
    })),
  );
  const unusable = all.filter(
    ({ cooldownUntil = 0, disabledUntil = 0 }) => Math.max(cooldownUntil, disabledUntil) > nowMs,
  );
  const values = [
    { metric: 'known', value: all.length },
    { metric: 'unusable', value: unusable.length },
  ];
  const troubles = unusable.map((one) => {
    const isDisabled = (one.disabledUntil ?? 0) > nowMs;
    const untilMs = isDisabled ? (one.disabledUntil ?? 0) : (one.cooldownUntil ?? 0);
    const why = (isDisabled ? one.disabledReason : one.cooldownReason) ?? 'no reason given';
    const word = isDisabled ? 'disabled' : 'in cooldown';
    const what = `${one.name} is ${word} for another ${humanDuration(untilMs - nowMs)} (${why})`;
    const isAll = unusable.length === all.length;
    return ill(isDisabled || isAll ? 'critical' : 'warning', 'auth', what);
  });
  for (const { name, lastFailureAt } of all) {
    const before = memory.get(name) ?? [];
    const failures =
      lastFailureAt === undefined || before.includes(lastFailureAt)
        ? before
        : [...before, lastFailureAt];
    const recent = failures.filter((at) => nowMs - at < repeatsMs).slice(-10);
    memory.set(name, recent);
    if (recent.length >= 3) {
      const what = `${name} has failed ${recent.length} times within 15m`;
      troubles.push(ill('critical', 'auth', what));
    }
  }
  const healthy = all.length === 0 ? 'none has failed yet' : `${all.length} in use, none held back`;
  return { troubles, healthy: well(healthy, values) };
}
