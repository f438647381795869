import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { releaseFolder } from '../support/install/release-folder.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Every program that the script may start: each writes down that it was called, and does nothing. */
const programs = (
  'basename busybox cat chmod chown cmp cp curl cut df dirname find getconf grep groupadd gzip ' +
  'head id journalctl ldd loginctl ls mkdir mktemp mv npm openssl rc-service rm rmdir sed ' +
  'sha256sum sleep sort stat systemctl tail tar timeout tr uname update-rc.d useradd userdel wget ' +
  'xz'
).split(' ');

function isThere(shell: readonly string[]): boolean {
  return existsSync(shell[0] ?? '');
}

test.for([
  { name: 'dash', shell: ['/bin/dash'], last: 200 },
  { name: 'busybox', shell: ['/bin/busybox', 'sh'], last: 200 },
  // It reads a tenth as fast.
  { name: 'bash', shell: ['/bin/bash'], last: 20 },
])(
  'of a script that was cut off anywhere $name runs nothing',
  { timeout: 120_000 },
  ({ shell, last }, { skip }) => {
    skip(!isThere(shell), `${shell[0]} is missing`);
    using releases = releaseFolder({ baseUrl: 'https://releases.example.com' });
    releases.addStandIn('1.0.0');
    const script = readFileSync(join(releases.path, 'install.sh'));
    const folder = temporaryFolder();
    const [bin, away] = [join(folder, 'bin'), join(folder, 'away')];
    mkdirSync(bin);
    mkdirSync(away);
    for (const name of programs) {
      // Only what is built into the shell, as there is nothing else in this PATH.
      writeFileSync(join(bin, name), `#!/bin/sh\necho "${name} $*" >> ${folder}/called\n`);
      chmodSync(join(bin, name), 0o755);
    }
    const [program = '', ...words] = shell;
    const called = (bytes: number, ...options: readonly string[]): string => {
      // As a pipe from the network hands it over: the end comes early, and nobody says so.
      spawnSync(program, [...words, '-s', '--', ...options], {
        input: script.subarray(0, bytes),
        cwd: away,
        env: { PATH: bin, HOME: away, TMPDIR: away },
      });
      return existsSync(join(folder, 'called')) ? readFileSync(join(folder, 'called'), 'utf8') : '';
    };

    const cuts = new Set<number>();
    for (let bytes = 0; bytes < script.length; bytes += 1024) cuts.add(bytes);
    // The last line is whole without its newline.
    for (let bytes = script.length - last; bytes < script.length - 1; bytes += 1) cuts.add(bytes);
    const acted = [...cuts].filter((bytes) => called(bytes) !== '');
    expect(acted).toEqual([]);
    expect(readdirSync(away)).toEqual([]);

    // The stand-ins are seen when the script is whole; busybox has most of them built in.
    expect(called(script.length, '--dry-run')).toContain('getconf GNU_LIBC_VERSION\n');
  },
);
