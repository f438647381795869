import type { Guest } from '../guest/guest.ts';

/** What changes a host, or loads, verifies and unpacks; what only looks is of no interest. */
const programs =
  'addgroup adduser chgrp chmod chown cp curl delgroup deluser groupadd groupdel gzip install ln mkdir mv openssl ' +
  'rm rmdir sha256sum systemctl tar tee touch update-rc.d useradd userdel wget xz';

/** Writes down how it was called, and becomes the program of its name. */
const wrapper = `#!/bin/sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
echo "\${0##*/} $*" >> /run/calls
exec "\${0##*/}" "$@"
`;

const inside = '/srv/recorded';

/** What stands before the command line of the installer, so that its calls are recorded. */
export const recorded = `PATH=${inside}:$PATH`;

/** Puts a recorder before every program of a guest. */
export async function prepareRecorder(guest: Guest): Promise<void> {
  await guest.write(`${inside}/wrapper`, wrapper);
  await guest.shell(
    `cd ${inside} && for name in ${programs}; do if command -v $name >/dev/null; then ln -s wrapper $name; fi; done`,
  );
}

/** The calls of what was run meanwhile, in order. */
export async function record(
  guest: Guest,
  run: () => Promise<unknown>,
): Promise<readonly string[]> {
  await guest.shell(': > /run/calls');
  await run();
  const calls = await guest.read('/run/calls');
  await guest.shell('rm /run/calls');
  return calls.split('\n').filter(Boolean);
}

const workFolder = /\/tmp\/tocsin-install\.\w+/g;

/** Of the calls of a run those that a dry run has to name, in the form in which it names them. */
export function changesOf(calls: readonly string[]): readonly string[] {
  return calls
    .map(inOneForm)
    .filter((call) => !isWithinWork(call) && !isLook(call))
    .flatMap((call) => {
      // A file gets into place by three commands, of which the second one knows its mode.
      const placed = /^chmod (\d+) (.*)\.tocsin-new$/.exec(call);
      if (placed !== null) return [`install -m ${placed[1]} ${placed[2]}`];
      if (/^(?:cp|mv) .*\.tocsin-new( |$)/.test(call)) return [];
      return [call.replace(/^ln -sn .*WORK /, 'ln -sn PROCESS ')];
    })
    .map((call) => call.replace(/^(install .*\/grants\/)[\w-]+\.conf$/, '$1*.conf'))
    .filter((call, index, all) => call !== all[index - 1]);
}

/** Without what differs between two runs, or is not shown. */
function inOneForm(call: string): string {
  return call.replaceAll(workFolder, 'WORK').replaceAll(/:\/\/[^/@ ]*@/g, '://***@');
}

/** What a dry run has printed, in the same form. */
export function plannedBy(output: string): readonly string[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('+ '))
    .map((line) => inOneForm(line.slice(2)))
    .filter((line) => !/ >>? /.test(line) && !isLook(line))
    .map((line) => line.replace(/^(install -m \d+) \S+/, '$1').replace(/ \| tar .*/, ''));
}

/** In its own folder the installer does as it likes; what it loads, verifies and unpacks is named. */
function isWithinWork(call: string): boolean {
  const [program = '', ...words] = call.split(' ');
  const isNamed =
    ['gzip', 'xz', 'openssl', 'curl'].includes(program) ||
    (program === 'sha256sum' && /WORK\/tocsin-/.test(call));
  const paths = words.filter((word) => word.startsWith('/') || word.startsWith('WORK'));
  return !isNamed && paths.length > 0 && paths.every((path) => path.startsWith('WORK'));
}

/** Asks, and changes nothing. */
function isLook(call: string): boolean {
  return /^(?:sha256sum (?!WORK)|systemctl (?:is-active|show) |tocsin (?:status|grants) |tar |cp (?:-p )?\/\S+ WORK\/(?:old|traces))/.test(
    call,
  );
}
