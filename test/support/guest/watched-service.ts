import { eventually } from '../eventually.ts';
import { executable } from '../tocsin.ts';
import type { Guest, GuestOptions } from './guest.ts';

/**
 * A service that knows nothing of systemd. It answers on port 8080, as a gateway on 18789, with what
 * /run/watched/status says (else 200), and writes down its starts and the signals that it gets. Words of its
 * command line make it difficult.
 */
const service = `#!/usr/local/bin/node
const fs = require('node:fs');
const words = process.argv.slice(2);
const note = (line) => fs.appendFileSync('/run/watched/log', line + '\\n');
const read = (name, otherwise) => {
  try {
    return fs.readFileSync('/run/watched/' + name, 'utf8').trim();
  } catch {
    return otherwise;
  }
};
note('start');
const code = Number(read('exit', '0'));
if (code > 0) process.exit(code);
if (words.includes('forking')) {
  const options = { detached: true, stdio: 'ignore' };
  require('node:child_process').spawn('/bin/sh', ['-c', 'setsid sleep 1234 & setsid sleep 1234 &'], options);
}
for (const signal of ['SIGTERM', 'SIGABRT', 'SIGHUP']) {
  process.on(signal, () => {
    note(signal);
    if (signal === 'SIGTERM' && !words.includes('deaf')) process.exit(0);
  });
}
const pages = {
  '/health': { ok: true, status: 'live' },
  '/startupz': { ok: true, status: 'started', version: '2026.9.6' },
  '/readyz': { ready: true, failing: [] },
};
const server = require('node:http').createServer((request, response) => {
  response.statusCode = Number(read('status', '200'));
  response.end(JSON.stringify(response.statusCode === 200 ? pages[request.url] : 'no'));
});
const port = words.includes('gateway') ? 18789 : 8080;
setTimeout(() => server.listen(port, '127.0.0.1'), words.includes('slow') ? 8_000 : 0);
`;

/** What a guest needs for it: the agent, Node for the service, and a user of its own. */
export const watchedGuest: GuestOptions = {
  bind: {
    '/usr/local/bin/tocsin': executable,
    '/usr/local/bin/node': process.execPath,
  },
  files: {
    '/usr/local/bin/watched': service,
    '/usr/bin/openclaw': service,
    '/etc/tmpfiles.d/watched.conf': 'd /run/watched 0777\nd /opt/openclaw 0755 openclaw\n',
    '/etc/sysusers.d/openclaw.conf': 'u openclaw - "Service" /home/openclaw\n',
  },
};

/** A guest on a machine that is busy with other guests takes its time. */
const patienceMs = 20_000;

/** The unit of the service in a guest, running alone. */
export async function startUnit(guest: Guest, text: string, name = 'watched.service') {
  await guest.shell(`systemctl stop watched openclaw || true; systemctl reset-failed`);
  await guest.shell('rm -rf /run/watched/* /etc/systemd/system/*.service.d');
  await guest.write(`/etc/systemd/system/${name}`, text);
  await guest.say('systemctl', 'daemon-reload');
  const since = await guest.say('date', '+%s.%N');
  const show = async (property: string): Promise<string> =>
    guest.say('systemctl', 'show', '--value', `--property=${property}`, name);
  const noted = async (): Promise<readonly string[]> => {
    const { stdout } = await guest.run(['cat', '/run/watched/log']);
    return stdout.split('\n').filter((line) => line !== '');
  };
  return {
    show,
    noted,
    /** Starts it and waits until it is ready, or has failed; gives the exit code of systemctl. */
    start: async () => (await guest.run(['systemctl', 'start', name], { timeoutMs: 60_000 })).code,
    stop: async () => guest.run(['systemctl', 'stop', name], { timeoutMs: 60_000 }),
    journal: async () =>
      guest.say('journalctl', '--no-pager', '--output=cat', `--since=@${since}`, `--unit=${name}`),
    /** Tells the service how to behave. */
    set: async (what: 'status' | 'exit', value: number) =>
      guest.write(`/run/watched/${what}`, String(value)),
    /** Numbers of the services that run, below the agent or not. */
    services: async () => {
      const { stdout } = await guest.run(['pgrep', '-f', '^/usr/local/bin/node /usr/']);
      return stdout.split('\n').filter((line) => line !== '');
    },
    becomes: async (property: string, value: string) =>
      eventually(
        async () => (await show(property)) === value,
        `${property} is ${value}`,
        patienceMs,
      ),
    hasNoted: async (...lines: readonly string[]) =>
      eventually(
        async () => (await noted()).join() === lines.join(),
        `noted ${lines.join()}`,
        patienceMs,
      ),
  };
}
