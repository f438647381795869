import { afterAll, beforeAll, expect, test } from 'vitest';
import { guestTimeoutMs, lacksGuest } from '../support/guest/guest.ts';
import { keptTree } from '../support/guest/tree.ts';
import { runUnbooted } from '../support/guest/unbooted.ts';
import { releaseFolder, type ReleaseFolder } from '../support/install/release-folder.ts';

const lacking = lacksGuest();
const call = 'sh /srv/releases/install.sh --offline /srv/releases --no-start --json';

/** Programs that wait in the middle: unpacking until `/run/go` is there, reading the lock until another one unpacks. */
const gates = `
  mkdir /opt/unpack /opt/look
  cat >/opt/unpack/gzip <<'END'
#!/bin/sh
touch /run/unpacking
until test -e /run/go; do sleep 0.05; done
exec /bin/gzip "$@"
END
  cat >/opt/look/readlink <<'END'
#!/bin/sh
/bin/readlink "$@"
code=$?
touch /run/looked
until test -e /run/unpacking; do sleep 0.05; done
exit $code
END
  chmod 755 /opt/*/*
  arrives() { until test -e "$1"; do sleep 0.05; done; }
  first() { PATH=/opt/unpack:$PATH sh -c 'echo $$ >/run/pid; exec ${call}' >/run/first 2>/dev/null & }
`;

let releases: ReleaseFolder | undefined;
let tree = '';

beforeAll(async () => {
  if (lacking !== undefined) return;
  releases = releaseFolder();
  releases.addStandIn('1.0.0');
  tree = await keptTree();
}, guestTimeoutMs);

afterAll(() => releases?.[Symbol.dispose]());

/** What the script printed, line by line. */
async function run(script: string): Promise<readonly unknown[]> {
  const bind = { '/srv/releases': releases?.path ?? '' };
  const { stdout } = await runUnbooted(`${gates}${script}`, { tree, bind });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

const installed = expect.objectContaining({ result: 'installed', exitCode: 0 }) as unknown;

test('of two installations at once the second one waits for nobody, and says who is at it', async ({
  skip,
}) => {
  if (lacking !== undefined) skip(lacking);
  const [pid, second, first, third] = await run(`
    first; arrives /run/unpacking; cat /run/pid
    ${call} 2>/dev/null
    touch /run/go; wait; cat /run/first
    ${call} 2>/dev/null
  `);
  expect(second).toMatchObject({
    exitCode: 72,
    message: `another installation is running (process ${String(pid)})`,
  });
  expect(first).toEqual(installed);
  expect(third).toMatchObject({ result: 'unchanged' });
}, 60_000);

test('of two that find the lock of one who was killed, only one takes it', async ({ skip }) => {
  if (lacking !== undefined) skip(lacking);
  // The second one has seen the lock before the first one takes it, and acts after that.
  const [second, first] = await run(`
    ln -s '99999 1 /tmp/tocsin-install.gone' /run/tocsin-install.lock
    PATH=/opt/look:$PATH ${call} >/run/second 2>/dev/null & second=$!
    arrives /run/looked; first; arrives /run/unpacking
    wait $second; cat /run/second
    touch /run/go; wait; cat /run/first
  `);
  expect(second).toMatchObject({ exitCode: 72 });
  expect(first).toEqual(installed);
}, 60_000);

test('of four that begin in the same moment one installs', async ({ skip }) => {
  if (lacking !== undefined) skip(lacking);
  const results = (await run(`
    for each in 1 2 3 4; do ${call} >/run/said.$each 2>/dev/null & done
    wait; cat /run/said.*
  `)) as readonly { readonly result: string; readonly exitCode: number }[];
  expect(results).toHaveLength(4);
  expect(results.filter(({ result }) => result === 'installed')).toHaveLength(1);
  // One that comes when all is over finds nothing to do.
  for (const { result, exitCode } of results) {
    expect(`${result} ${exitCode}`).toMatch(/^(?:installed 0|unchanged 0|failed 72)$/);
  }
}, 60_000);
