import type { Guest } from './guest.ts';

/** What a service must not be able to do, each as a command that would do it. */
const forbidden: Readonly<Record<string, string>> = {
  'write below /etc': 'echo x > /etc/tocsin/new',
  'write below /usr': 'echo x > /usr/local/bin/new',
  'write below /home': 'echo x > /home/new',
  'write its own configuration': 'echo x >> /etc/tocsin/agent.config.yaml',
  'write into the tmp of others':
    'echo x > /tmp/seen-outside; test -e /proc/1/root/tmp/seen-outside',
  'make a device': 'mknod /var/lib/tocsin/disk b 8 0',
  mount: 'mount -t tmpfs none /var/lib/tocsin',
  'make a user namespace': 'unshare --user true',
  'become root': 'setpriv --reuid=0 true',
  'set the set-user bit': 'cp /bin/sh /var/lib/tocsin/sh && chmod u+s /var/lib/tocsin/sh',
  'change a tunable of the kernel': 'echo 1 > /proc/sys/vm/overcommit_memory',
  'change a control group': 'mkdir /sys/fs/cgroup/mine',
  'read the secrets of root': 'cat /etc/shadow',
  'read the files of credentials': 'cat /etc/tocsin/credentials/*',
  'see processes of others': 'test -d /proc/1',
  'kill processes of others': 'kill -0 1',
  'open a packet socket': `perl -e 'socket(S, 17, 3, 0) or exit 1'`,
  'open a netlink socket': `perl -e 'socket(S, 16, 3, 0) or exit 1'`,
  'set the clock': 'date -s 2001-01-01',
  'raise its priority': 'chrt -f 50 true',
};

/** A program that tries all of it, and prints as whom, what it could, and `done`. */
export const triesForbidden = [
  '#!/bin/sh',
  'id -un',
  ...Object.entries(forbidden).map(
    ([what, command]) => `if (${command}) >/dev/null 2>&1; then echo "could ${what}"; fi`,
  ),
  'echo done',
  '',
].join('\n');

/** The check that runs it, from where a guest has it. */
export const triesCheck = {
  name: 'tries',
  type: 'command',
  command: ['/usr/local/bin/tries'],
  timeout: '20s',
  interval: '30s',
};

/** What the check has found when the sandbox holds. */
export const nothingAllowed = 'tocsin\ndone';

/** What the check found in that guest, as one text. */
export async function triedIn(guest: Guest): Promise<string> {
  const answer = await guest.say('curl', '-sS', 'http://127.0.0.1:9860/api/v1/checks/tries');
  const { results } = JSON.parse(answer) as { results: { summary: string; detail: string[] }[] };
  return [results[0]?.summary, ...(results[0]?.detail ?? [])].join('\n');
}
