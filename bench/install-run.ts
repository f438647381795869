import type { Guest } from '../test/support/guest/guest.ts';
import { releasesInside } from '../test/support/install/installer.ts';

/** The steps of the installer, each with the line by which it begins; the last one ends with `runs`. */
const steps = [
  ['fetch and verify', /^==> fetching /],
  ['unpack and try', /^ +digest verified/],
  ['init and validate', /^==> looking at this host/],
  ['test message', /^==> sending a test message/],
  ['files into place', /^==> installing below/],
  ['start until ready', /^==> waiting until/],
] as const;

export type Step = (typeof steps)[number][0];

/** Their names, in their order. */
export const stepNames: readonly Step[] = steps.map(([name]) => name);

const end = / runs(?: in place of .*)?$/;

/** Seconds. */
export interface Timed {
  /** From the command to the end of it. */
  readonly total: number;
  /** From the command to the first scrape that succeeded; of an upgrade to the first of the new version. */
  readonly scraped: number;
  readonly steps: Readonly<Partial<Record<Step, number>>>;
}

/** How the installer is called: from the server or from a folder, and by which version. */
export interface Call {
  readonly version: string;
  /** Absent when nothing is to be loaded. */
  readonly url?: string | undefined;
  readonly words?: string;
}

/** Runs the installer in a guest, beside somebody who scrapes; every line of it gets the time at which it came. */
export async function timeInstaller(
  guest: Guest,
  { version, url, words = '' }: Call,
): Promise<Timed> {
  const script =
    url === undefined
      ? `sh ${releasesInside}/${version}/install.sh --offline ${releasesInside} ${words}`
      : `curl -fsSL ${url}/${version}/install.sh | sh -s -- --base-url ${url} ${words}`;
  const line = `
    rm -f /run/scraped
    TOCSIN_SLACK_WEBHOOK_URL=$(cat /root/hook); export TOCSIN_SLACK_WEBHOOK_URL
    begin=$(date +%s.%N)
    until curl -fsS http://127.0.0.1:9860/metrics 2>/dev/null | grep -q '^tocsin_build_info.*version="${version}"'; do
      sleep 0.05
    done && date +%s.%N > /run/scraped &
    { ${script} 2>&1; echo "code $?"; } | while IFS= read -r line; do echo "$(date +%s.%N) $line"; done
    finish=$(date +%s.%N)
    wait
    echo "$begin begin"; echo "$finish finish"; echo "$(cat /run/scraped) scraped"`;
  const { stdout } = await guest.run(['sh', '-c', line], { timeoutMs: 180_000 });
  const said = stdout.split('\n').map((row): [seconds: number, text: string] => {
    const space = row.indexOf(' ');
    return [Number(row.slice(0, space)), row.slice(space + 1)];
  });
  const at = (pattern: RegExp): number | undefined =>
    said.find(([, text]) => pattern.test(text))?.[0];
  const begin = at(/^begin$/);
  const finish = at(/^finish$/);
  const scraped = at(/^scraped$/);
  if (at(/^code 0$/) === undefined || begin === undefined || finish === undefined) {
    throw new Error(`the installer failed:\n${stdout}`);
  }
  const marks = [
    ...steps.map(([name, pattern]) => [name, at(pattern)] as const),
    ['', at(end)] as const,
  ];
  const spans = marks.flatMap(([name, from], index) => {
    const to = marks.slice(index + 1).find(([, time]) => time !== undefined)?.[1];
    return from === undefined || to === undefined ? [] : [[name, to - from] as const];
  });
  return {
    total: finish - begin,
    scraped: (scraped ?? Number.NaN) - begin,
    steps: Object.fromEntries(spans),
  };
}

/** Seconds from the end of the service's former run to the readiness of the one that runs, as systemd saw it. */
export async function unwatchedSeconds(guest: Guest): Promise<number> {
  const show =
    'systemctl show tocsin -P ActiveExitTimestampMonotonic -P ActiveEnterTimestampMonotonic';
  const [left = Number.NaN, entered = Number.NaN] = (await guest.shell(show))
    .split('\n')
    .filter(Boolean)
    .map(Number);
  return Math.abs(entered - left) / 1e6;
}

/** What everything that the manifest lists takes on the disk, in bytes. */
export async function installedBytes(guest: Guest): Promise<number> {
  const size = await guest.shell(
    `{ sed -n 's/^file [0-9a-f]* //p' /usr/local/lib/tocsin/manifest; echo /usr/local/lib/tocsin/manifest; } |
     while read -r path; do stat -c %s "$path"; done | awk '{ sum += $1 } END { printf "%d", sum }'`,
  );
  return Number(size);
}

/** Takes everything away, so that the next installation is a first one. */
export async function uninstall(guest: Guest, version: string): Promise<void> {
  await guest.shell(`sh ${releasesInside}/${version}/install.sh --uninstall --purge >/dev/null`);
}
