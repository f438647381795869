import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as v from 'valibot';
import { humanDuration } from '../../lib/duration.ts';
import { ill, well, worstFound, type Found } from './part.ts';
import type { Scene } from './scene.ts';
import { settingsChecksum } from './settings-checksum.ts';
import { readSmallFile } from './small-file.ts';

/** The kernel counts starts in hundredths, and a gateway rewrites its settings while it starts. */
const startSlackMs = 60_000;

/** Judges the file of settings: there, not empty, readable, not replaced by the gateway. */
export async function judgeConfig({ installation, owner, now, options }: Scene): Promise<Found> {
  const { configFile, configPath, settings } = installation;
  if (configFile.kind === 'unreadable') {
    return ill('unknown', configFile.reason, configFile.unreadable);
  }
  if (configFile.kind === 'absent') return ill('critical', 'missing', `${configPath} is not there`);
  if (configFile.text.trim() === '') return ill('critical', 'body', `${configPath} is empty`);
  const troubles: Found[] = [];
  if (settings === undefined) {
    const what = `${configPath} is not valid JSON5: the gateway will not start again with it`;
    troubles.push(ill('critical', 'body', what));
  }
  const clobbered = await newest(dirname(configPath), /^openclaw\.json\.clobbered\./);
  if (clobbered !== undefined && now.wallMs - clobbered.changedMs < options.hold) {
    const ago = humanDuration(Math.max(0, now.wallMs - clobbered.changedMs));
    const what = `OpenClaw replaced damaged settings ${ago} ago and put them aside as ${clobbered.name}`;
    troubles.push(ill('warning', 'status', what));
  }
  const isAlive = owner !== undefined && 'kind' in owner && owner.kind === 'alive';
  const startedMs = isAlive ? now.wallMs - owner.ageMs : Number.POSITIVE_INFINITY;
  const changed = configFile.changedMs > startedMs + startSlackMs;
  const since = { metric: 'changed_since_start', value: changed ? 1 : 0 };
  const checksum = settingsChecksum(configFile.text);
  const facts = checksum === undefined ? [] : [{ name: 'checksum', text: checksum }];
  const what = changed ? 'changed since the gateway was started' : 'unchanged since the start';
  return worstFound(troubles, { ...well(what, [since]), facts });
}

/** Why a gateway wrote a black box that never came to run. */
const failedStart = 'gateway.startup_failed';

/** A black box that the gateway wrote: it says why it ended badly. */
export async function judgeBlackBox(scene: Scene): Promise<Found> {
  const { installation, now, options, owner } = scene;
  const folder = join(installation.stateFolder, 'logs', 'stability');
  const found = await newest(folder, /^openclaw-stability-.*\.json$/);
  if (found === undefined) return well('none was ever written');
  const ageMs = Math.max(0, now.wallMs - found.changedMs);
  if (ageMs >= options.hold) return well(`the last one is ${humanDuration(ageMs)} old`);
  const file = await readSmallFile(join(folder, found.name));
  const parsed =
    file.kind === 'text'
      ? v.safeParse(v.pipe(v.string(), v.parseJson(), v.object({ reason: v.string() })), file.text)
      : undefined;
  const why = parsed?.success === true ? parsed.output.reason : 'it does not say why';
  const hasStartedSince = owner !== undefined && 'ageMs' in owner && owner.ageMs < ageMs;
  if (why === failedStart && hasStartedSince) {
    return well(`the start that failed ${humanDuration(ageMs)} ago has been made up for`);
  }
  const what = `the gateway wrote a black box ${humanDuration(ageMs)} ago (${why}): ${found.name}`;
  return { ...ill('warning', 'status', what), because: ['config', 'storage'] };
}

/** Jobs in a file that versions with a database no longer read. */
export async function judgeLeftovers({ installation }: Scene): Promise<Found> {
  const { stateFolder } = installation;
  const has = async (...path: string[]): Promise<boolean> =>
    stat(join(stateFolder, ...path)).then(
      () => true,
      () => false,
    );
  if (!(await has('cron', 'jobs.json'))) return well('none');
  if (!(await has('state', 'openclaw.sqlite')))
    return well('this version keeps its jobs in a file');
  const what = `${join(stateFolder, 'cron', 'jobs.json')} is left over and no longer read: openclaw doctor --fix takes its jobs over`;
  return ill('warning', 'stale', what);
}

/** The newest file of a folder whose name matches; undefined if there is none or it cannot be listed. */
async function newest(
  folder: string,
  pattern: RegExp,
): Promise<{ readonly name: string; readonly changedMs: number } | undefined> {
  const names = (await readdir(folder).catch(() => [])).filter((name) => pattern.test(name));
  // The time is in the name, so that only the last few have to be asked.
  const last = names.toSorted().slice(-20);
  const facts = await Promise.all(
    last.map(async (name) => ({
      name,
      changedMs: await stat(join(folder, name)).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    })),
  );
  return facts.toSorted((a, b) => b.changedMs - a.changedMs)[0];
}
