import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import { startProgram, type OwnProgram } from './own-program.ts';
import { accepts, closedPort } from './tcp-server.ts';
import type { Certificate } from './tls-authority.ts';

const programs = '/usr/lib/postfix/sbin';

/** Why there is no Postfix to test with; undefined if there is. */
export function lacksPostfix(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root can start Postfix';
  return [join(programs, 'master'), '/usr/sbin/saslpasswd2', '/usr/share/doc/libsasl2-modules']
    .find((path) => !existsSync(path))
    ?.concat(' is missing');
}

export interface PostfixServer extends OwnProgram {
  /** Takes mail for its own domain, with STARTTLS for those who want it, and offers no login. */
  readonly port: number;
  /** Wants STARTTLS, and offers a login. */
  readonly submissionPort: number;
  /** The same with TLS from the first byte. */
  readonly submissionsPort: number;
  /** Refuses every client by its address. */
  readonly closedPort: number;
  readonly remove: () => Promise<void>;
}

/** Who may log in. */
export const postfixUser = { username: 'watch@lab.example', password: 'ahW5eechaing' };

/**
 * Starts Debian's Postfix in a folder of its own. It takes mail for ops@lab.example, puts off that for
 * grey@lab.example, and relays only for who has logged in.
 */
export async function startPostfix({ cert, key }: Certificate): Promise<PostfixServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-postfix-'));
  chmodSync(folder, 0o755);
  for (const name of ['queue', 'data', 'etc', 'etc/sasl']) mkdirSync(join(folder, name));
  const id = (option: string): number =>
    Number(execFileSync('/usr/bin/id', [option, 'postfix'], { encoding: 'utf8' }));
  chownSync(join(folder, 'data'), id('-u'), id('-g'));
  const ports = [await closedPort(), await closedPort(), await closedPort(), await closedPort()];
  const [port = 0, submissionPort = 0, submissionsPort = 0, shut = 0] = ports;
  const etc = join(folder, 'etc');
  const write = (name: string, text: string): void => writeFileSync(join(etc, name), text);
  write('cert.pem', cert);
  write('key.pem', key);
  write('main.cf', mainFile(folder));
  write('master.cf', masterFile({ port, submissionPort, submissionsPort, shut }));
  const database = join(etc, 'sasldb2');
  write(
    'sasl/smtpd.conf',
    `pwcheck_method: auxprop\nauxprop_plugin: sasldb\nsasldb_path: ${database}\nmech_list: PLAIN LOGIN\n`,
  );
  const [name = '', domain = ''] = postfixUser.username.split('@');
  execFileSync('/usr/sbin/saslpasswd2', ['-p', '-c', '-f', database, '-u', domain, name], {
    input: postfixUser.password,
  });
  chmodSync(database, 0o644);
  execFileSync('/usr/sbin/postfix', ['-c', etc, 'check'], { stdio: 'ignore' });
  const program = startProgram(join(programs, 'master'), ['-c', etc, '-d']);
  const remove = async (): Promise<void> => {
    await program.end('SIGTERM');
    rmSync(folder, { recursive: true, force: true });
  };
  await eventually(async () => accepts(shut), 'Postfix is ready');
  return { ...program, port, submissionPort, submissionsPort, closedPort: shut, remove };
}

function mainFile(folder: string): string {
  const etc = join(folder, 'etc');
  return `
compatibility_level = 3.6
queue_directory = ${join(folder, 'queue')}
data_directory = ${join(folder, 'data')}
command_directory = /usr/sbin
daemon_directory = ${programs}
mail_owner = postfix
setgid_group = postdrop
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.lab.example
mydestination = lab.example
mynetworks =
alias_maps =
local_recipient_maps = inline:{{ops = x}, {grey = x}}
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access inline:{{grey@lab.example = 450 4.2.0 Greylisted}}
smtpd_tls_cert_file = ${join(etc, 'cert.pem')}
smtpd_tls_key_file = ${join(etc, 'key.pem')}
smtpd_tls_security_level = may
maillog_file = ${join(folder, 'log')}
maillog_file_prefixes = ${folder}
`;
}

function masterFile(ports: {
  readonly port: number;
  readonly submissionPort: number;
  readonly submissionsPort: number;
  readonly shut: number;
}): string {
  const login = '-o smtpd_sasl_auth_enable=yes';
  return `
${ports.port} inet n - n - - smtpd
${ports.submissionPort} inet n - n - - smtpd -o smtpd_tls_security_level=encrypt ${login}
${ports.submissionsPort} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes ${login}
${ports.shut} inet n - n - - smtpd -o smtpd_client_restrictions=reject -o smtpd_delay_reject=no
cleanup unix n - n - 0 cleanup
rewrite unix - - n - - trivial-rewrite
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
proxymap unix - - n - - proxymap
postlog unix-dgram n - n - 1 postlogd
`;
}
