import { eventually } from '../eventually.ts';
import { promptConfiguration, readable } from '../guest/agent-service.ts';
import { bootGuest, type Guest } from '../guest/guest.ts';
import { startSlackServer, type SlackServer } from '../slack-server.ts';
import { versions } from './archives.ts';
import { install } from './installer.ts';
import { releaseFolder, type ReleaseFolder } from './release-folder.ts';

/** A host on which the real agent was installed, and people who are told. */
export interface UpgradedHost extends AsyncDisposable {
  readonly guest: Guest;
  readonly releases: ReleaseFolder;
  readonly slack: SlackServer;
  /** Breaks or mends one of the things that are watched. */
  readonly set: (what: Watched, sound: boolean) => Promise<void>;
  /** How often people were told that it is down, or up again. */
  readonly told: (what: Watched, state: 'down' | 'up') => number;
  /** Waits until that was told. */
  readonly hears: (what: Watched, state: 'down' | 'up') => Promise<void>;
  /** The version of the agent that answers, and is ready. */
  readonly runs: () => Promise<string>;
  /** Waits until the agent that runs now has looked at everything twice, and nothing waits to be sent. */
  readonly settles: () => Promise<void>;
}

/** Files that a check each looks for. */
const watched = ['web', 'shop', 'early', 'late'] as const;

export type Watched = (typeof watched)[number];

const marks = { down: '🔴', up: '✅' };

/** How long a message or a look may take on a machine that has much to do. */
const patienceMs = 60_000;

/**
 * A guest with the first of `versions`: `web` is down and was told, `shop` is down and was not told, since
 * somebody silenced it.
 */
export async function startUpgradedHost(): Promise<UpgradedHost> {
  await using stack = new AsyncDisposableStack();
  const releases = stack.use(releaseFolder());
  await releases.addReal(versions[0]);
  const slack = stack.use(await startSlackServer());
  const checks = watched.map((name) => ({
    name,
    type: 'command',
    command: ['/bin/sh', '-c', `test -e /opt/${name} || exit 2`],
  }));
  const guest = stack.use(
    await bootGuest({
      bind: { '/srv/releases': releases.path },
      files: {
        '/etc/tocsin/agent.config.yaml': JSON.stringify(promptConfiguration(slack.url, checks)),
        ...Object.fromEntries(watched.map((name) => [`/opt/${name}`, ''])),
      },
    }),
  );
  await guest.lend(Number(new URL(slack.origin).port));
  const host: Omit<UpgradedHost, typeof Symbol.asyncDispose> = {
    guest,
    releases,
    slack,
    set: async (what, sound) => {
      await guest.shell(`${sound ? 'touch' : 'rm'} /opt/${what}`);
    },
    told: (what, state) =>
      slack
        .messages()
        .filter((each) => new RegExp(`^${marks[state]} \\*?${what}\\b`).test(readable(each)))
        .length,
    hears: async (what, state) => {
      const is = (): boolean => host.told(what, state) > 0;
      await eventually(is, `${what} is told as ${state}`, patienceMs).catch((error: unknown) => {
        throw new Error(`${String(error)}\n${slack.messages().map(readable).join('\n--\n')}`);
      });
    },
    runs: async () => {
      const { stdout } = await guest.run(['tocsin', 'status', '--json']);
      const { agent } = JSON.parse(stdout) as { agent: { version: string; ready: boolean } };
      return agent.ready ? agent.version : 'none that is ready';
    },
    settles: async () => {
      const isSettled = async (): Promise<boolean> => {
        const { stdout } = await guest.run(['curl', '-sS', 'http://127.0.0.1:9860/metrics']);
        const runs = [...stdout.matchAll(/^tocsin_check_runs_total\{.*\} (\d+)$/gm)];
        const looked =
          runs.length >= watched.length && runs.every(([, count]) => Number(count) >= 2);
        return looked && !/^tocsin_outbox_pending\{.*\} [1-9]/m.test(stdout);
      };
      await eventually(isSettled, 'everything was looked at and told', patienceMs);
    },
  };
  const first = await install(guest, '--no-test');
  if (first.code !== 0) throw new Error(first.stdout + first.stderr);
  await guest.say('tocsin', 'silence', 'add', '-d', '2h', '-m', 'being rebuilt', 'shop');
  await host.set('web', false);
  await host.set('shop', false);
  await host.hears('web', 'down');
  await host.settles();
  const moved = stack.move();
  return Object.assign(host, { [Symbol.asyncDispose]: async () => moved.disposeAsync() });
}
