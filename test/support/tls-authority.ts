import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

interface CertificateWish {
  /** As `openssl -subj` takes it: `/CN=web/O=Example`. */
  readonly subject?: string;
  /** As `subjectAltName` takes it; none if empty. */
  readonly names?: string;
  /** Days from now until it expires; negative for an expired one. */
  readonly days?: number;
}

export interface Authority extends Disposable {
  /** The authority's own certificate, and another one of the same name and key with other dates. */
  readonly ca: string;
  again(days: number): string;
  issue(wish?: CertificateWish): Certificate;
  readonly directory: string;
}

const dayMs = 86_400_000;
const defaultNames = 'DNS:localhost,IP:127.0.0.1';

const configuration = `
[ca]
default_ca = test
[test]
dir = .
new_certs_dir = .
database = index.txt
rand_serial = yes
default_md = sha256
policy = any
copy_extensions = copy
unique_subject = no
[any]
commonName = optional
organizationName = optional
countryName = optional
[req]
distinguished_name = empty
[empty]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
`;

function asn1Date(ms: number): string {
  return new Date(ms).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
}

/** A certificate authority of its own in a temporary directory, made with the openssl program. */
export function createAuthority(days = 30): Authority {
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-tls-'));
  const openssl = (...line: string[]): void => {
    execFileSync('openssl', line, { cwd: directory, stdio: 'pipe' });
  };
  const read = (name: string): string => readFileSync(join(directory, name), 'utf8');
  writeFileSync(join(directory, 'ca.cnf'), configuration);
  writeFileSync(join(directory, 'index.txt'), '');
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  let count = 0;
  const own = (lifeDays: number): string => {
    const file = `ca-${count++}.pem`;
    const extensions = ['-config', 'ca.cnf', '-extensions', 'authority', '-subj', '/CN=Test Root'];
    openssl(
      'req',
      '-x509',
      '-key',
      'ca.key',
      '-days',
      String(lifeDays),
      '-out',
      file,
      ...extensions,
    );
    return read(file);
  };
  openssl(
    'genpkey',
    '-algorithm',
    'EC',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-out',
    'ca.key',
  );
  const ca = own(days);
  writeFileSync(join(directory, 'ca.pem'), ca);
  return {
    ca,
    directory,
    again: own,
    issue({ subject = '/CN=test', names = defaultNames, days: lifeDays = 10 } = {}) {
      const name = `leaf-${count++}`;
      const altNames = names === '' ? [] : ['-addext', `subjectAltName=${names}`];
      const request = ['-keyout', `${name}.key`, '-out', `${name}.csr`, '-config', 'ca.cnf'];
      openssl('req', '-new', ...newKey, ...request, '-subj', subject, ...altNames);
      const end = Date.now() + lifeDays * dayMs;
      const start = Math.min(Date.now(), end) - dayMs;
      const dates = ['-startdate', asn1Date(start), '-enddate', asn1Date(end)];
      const issuer = ['-config', 'ca.cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key'];
      const files = ['-in', `${name}.csr`, '-out', `${name}.pem`];
      openssl('ca', '-batch', '-notext', '-preserveDN', ...issuer, ...files, ...dates);
      return { cert: read(`${name}.pem`), key: read(`${name}.key`) };
    },
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** A self-signed certificate with any subject. */
export function selfSigned(subject: string): Certificate {
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-tls-'));
  try {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const files = ['-keyout', 'key.pem', '-out', 'cert.pem'];
    const line = ['req', '-x509', '-utf8', ...key, ...files, '-days', '5', '-subj', subject];
    execFileSync('openssl', line, { cwd: directory, stdio: 'pipe' });
    const read = (name: string): string => readFileSync(join(directory, name), 'utf8');
    return { cert: read('cert.pem'), key: read('key.pem') };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
