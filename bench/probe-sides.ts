import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { installAgent, type Installed } from './agent.ts';
import { answers, startChild, type Child } from './child.ts';
import { blackboxCommand } from './peers.ts';

/** The modules of the bench, which both sides are given in the same words; `ca` verifies https. */
export function benchModules(ca: string): string {
  const ip4 = 'preferred_ip_protocol: ip4';
  const modules = {
    http: `{ prober: http, timeout: 3s, http: { ${ip4} } }`,
    https: `{ prober: http, timeout: 3s, http: { ${ip4}, tls_config: { ca_file: "${ca}" } } }`,
    tcp: `{ prober: tcp, timeout: 3s, tcp: { ${ip4} } }`,
    dns: `{ prober: dns, timeout: 3s, dns: { ${ip4}, query_name: bench.test, query_type: A } }`,
  };
  const entries = Object.entries(modules).map(([name, module]) => `${name}: ${module}`);
  return `{ ${entries.join(', ')} }`;
}

export interface Certificate {
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** Makes a certificate for 127.0.0.1 that signs itself, with the openssl program. */
export function makeCertificate(directory: string): Certificate {
  const certificateFile = join(directory, 'certificate.pem');
  const keyFile = join(directory, 'key.pem');
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const name = ['-subj', '/CN=bench', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '5'];
  const files = ['-out', certificateFile, '-keyout', keyFile];
  execFileSync('openssl', ['req', '-x509', ...key, ...name, ...files], { stdio: 'pipe' });
  return { certificateFile, keyFile };
}

/** An exporter that answers `/probe`. */
export interface Exporter extends AsyncDisposable {
  readonly pid: number;
  /** Without a slash at the end. */
  readonly address: string;
}

/** Starts a fresh copy of the agent with these modules and no checks. */
export async function startAgentProber(directory: string, modules: string): Promise<Exporter> {
  mkdirSync(directory, { recursive: true });
  const installed = await installAgent(directory, [`modules: ${modules}`]);
  return startExporter('tocsin', directory, installed);
}

/** Starts blackbox_exporter with these modules. */
export async function startBlackbox(directory: string, modules: string): Promise<Exporter> {
  mkdirSync(directory, { recursive: true });
  return startExporter('blackbox_exporter', directory, await blackboxCommand(directory, modules));
}

async function startExporter(
  name: string,
  directory: string,
  { command, port }: Installed,
): Promise<Exporter> {
  const child: Child = startChild(name, command, join(directory, `${name}.log`));
  const address = `http://127.0.0.1:${port}`;
  await answers(`${address}/-/healthy`, 10_000);
  return { pid: child.pid, address, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() };
}
