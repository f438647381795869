import type { X509Certificate } from 'node:crypto';
import * as v from 'valibot';
import {
  defaultedKey,
  flag,
  nonEmptyText,
  optionalKey,
  type OutputOf,
  positiveDuration,
} from '../lib/schema-atoms.ts';
import { tlsSetup } from '../lib/tls-context.ts';
import type { TlsOptions } from '../lib/tls-options.ts';
import { certificatesOf, type Trust } from '../lib/trust.ts';
import { certificateFileBytesMax } from '../model/limits.ts';
import { notOk, ok, type CheckResult, type MeasuredValue, failing } from '../model/result.ts';
import { checkType, type RunContext } from './check-type.ts';
import {
  judgeExpiry,
  judgeFileChain,
  judgeSame,
  type CertificateFinding,
} from './host/certificate-finding.ts';
import { troubleWith } from './host/file-question.ts';
import { createPatientPrograms, type PatientPrograms } from './host/patient-programs.ts';
import { hostPlaces, type HostPlaces } from './host/places.ts';
import { readServed, startTlsKinds, verifying, type Served } from './host/served-certificate.ts';
import { unreadable } from './net/failure.ts';
import { parseHostPort } from './net/host-port.ts';
import { dayMs } from './net/probe-thresholds.ts';
import { evidenceFamilies } from './net/tls/tls-evidence.ts';

const httpsPort = 443;

const entries = {
  target: optionalKey(
    'A server that shows the certificate: host or host:port (443).',
    v.pipe(
      v.string('host or host:port'),
      v.check((text) => parseHostPort(text, httpsPort) !== undefined, 'host or host:port'),
    ),
  ),
  file: optionalKey(
    'A file with the certificate, its own first, and its chain (PEM).',
    nonEmptyText,
  ),
  starttls: optionalKey(
    'The protocol that the server speaks before TLS begins.',
    v.picklist(startTlsKinds, `one of ${startTlsKinds.join(', ')}`),
  ),
  server_name: optionalKey(
    'Who the certificate must be for; default: the host of the target.',
    nonEmptyText,
  ),
  ca_file: optionalKey(
    'Authorities that are trusted instead of those of the system.',
    nonEmptyText,
  ),
  verify: defaultedKey(
    'Whether the chain must be complete and trusted, and the name right.',
    flag,
    true,
  ),
  warning: defaultedKey('Life that is left when the check warns.', positiveDuration, '14d'),
  critical: defaultedKey('Life that is left when the check is critical.', positiveDuration, '3d'),
};

type Options = OutputOf<typeof entries>;

/** Judges a certificate: served, on disk, or both, which must then be the same. */
export const certificateOf = (places: HostPlaces) =>
  checkType({
    entries,
    defaults: { intervalMs: 5 * 60_000 },
    refuse({ target, file, starttls, warning, critical }) {
      if ((target ?? file) === undefined) return 'a certificate check needs target, file or both';
      if (starttls !== undefined && target === undefined) return 'starttls needs a target';
      return critical < warning ? undefined : 'critical must be less than warning';
    },
    target: (options) => options.target ?? options.file,
    open({ options }, { clock }) {
      const programs = createPatientPrograms({ clock, programs: places.programs });
      const tls = verifying({ caFile: options.ca_file, verify: options.verify });
      return {
        async run(context) {
          const [served, onDisk] = await Promise.all([
            lookAtServer(options, tls, { clock, ...context, log: (line) => context.log(line) }),
            lookAtFile(options.file, programs, context),
          ]);
          const trust = options.verify ? await trusted(tls) : undefined;
          if (trust !== undefined && 'sentence' in trust) {
            return notOk('unknown', trust.reason, trust.sentence);
          }
          return judge(options, { served, onDisk, trust }, clock.now().wallMs);
        },
        close: () => programs.close(),
      };
    },
  });

export const certificate = certificateOf(hostPlaces);

type OnDisk =
  | { readonly certificates: readonly X509Certificate[] }
  | { readonly finding: CertificateFinding };

async function lookAtServer(
  { target, starttls, server_name: name }: Options,
  tls: TlsOptions,
  context: Parameters<typeof readServed>[2],
): Promise<Served | undefined> {
  const place = target === undefined ? undefined : parseHostPort(target, httpsPort);
  if (place === undefined) return undefined;
  const plan = { config: tls, name: name ?? place.host };
  return readServed({ ...place, startTls: starttls }, plan, context);
}

async function lookAtFile(
  file: string | undefined,
  programs: PatientPrograms,
  context: RunContext,
): Promise<OnDisk | undefined> {
  if (file === undefined) return undefined;
  const answer = await programs.ask(
    ['head', '-c', `${certificateFileBytesMax}`, '--', file],
    context,
  );
  if (answer.kind !== 'answer') {
    const { trouble, ...found } = troubleWith(file, answer);
    return { finding: { ...found, sentence: trouble } };
  }
  const certificates = certificatesOf(answer.output.toString('latin1'));
  if (certificates.length > 0) return { certificates };
  const sentence = `${file} holds no certificate in PEM format`;
  return { finding: { status: 'critical', reason: 'missing', sentence } };
}

async function trusted(tls: TlsOptions): Promise<Trust | CertificateFinding> {
  const setup = await tlsSetup(tls);
  if (!('kind' in setup)) return setup.trust;
  const failure =
    setup.kind === 'unreadable'
      ? unreadable(setup.error, 'ca_file')
      : { reason: 'tls' as const, summary: `ca_file: ${setup.fault}` };
  return { status: 'unknown', reason: failure.reason, sentence: failure.summary };
}

function judge(
  { target = '', file = '', server_name: name, warning, critical }: Options,
  found: {
    readonly served: Served | undefined;
    readonly onDisk: OnDisk | undefined;
    readonly trust: Trust | undefined;
  },
  nowMs: number,
): CheckResult {
  const { served, onDisk, trust } = found;
  const findings: CertificateFinding[] = [];
  const values: MeasuredValue[] = [];
  const judgeLife = (what: string, metric: string, chain: readonly X509Certificate[]): void => {
    const limits = { warning, critical };
    const finding = judgeExpiry(what, chain, { limits, trust }, nowMs);
    findings.push(finding);
    values.push({ metric, value: Math.round((finding.leftMs / dayMs) * 10_000) / 10_000 });
  };
  const chain = onDisk !== undefined && 'certificates' in onDisk ? onDisk.certificates : [];
  const same = judgeSame(target, file, served?.certificates[0], chain[0]);
  if (served !== undefined && served.certificates.length > 0) {
    judgeLife(`the certificate of ${target}`, 'served_days_left', served.certificates);
  }
  const failure = served?.failure;
  // What is expired has been told with its day already.
  if (failure !== undefined && !findings.some((one) => one.reason === 'tls')) {
    const status = failure.unknown === true ? 'unknown' : 'critical';
    findings.push({ status, reason: failure.reason, sentence: failure.summary });
  }
  if (same !== undefined) findings.push(same);
  if (onDisk !== undefined && 'finding' in onDisk) findings.push(onDisk.finding);
  if (chain.length > 0) {
    judgeLife(`the certificate in ${file}`, 'file_days_left', chain);
    const wanted = { trust, name: trust === undefined ? undefined : name };
    findings.push(...judgeFileChain(`the certificate in ${file}`, chain, wanted, nowMs));
  }
  const families = served?.evidence === undefined ? [] : evidenceFamilies(served.evidence);
  return sumUp(findings, { values, families, phases: served?.phases ?? [] }, chain.length > 0);
}

function sumUp(
  findings: readonly CertificateFinding[],
  extras: Pick<CheckResult, 'values' | 'families' | 'phases'>,
  isOnDisk: boolean,
): CheckResult {
  const notWell = failing(findings);
  const [worst, second] = notWell;
  if (worst === undefined || worst.status === 'ok') {
    const [first] = findings;
    const both = isOnDisk && findings.length > 1 ? ', and the one on disk is the same' : '';
    return ok(`${first?.sentence ?? 'nothing was looked at'}${both}`, extras);
  }
  // What is served runs out because the renewed one is not: that belongs into the same sentence.
  const cause = notWell.find((one) => one.reason === 'stale');
  const also = cause !== undefined && cause !== worst ? `; ${cause.sentence}` : '';
  const rest = second === undefined ? [] : notWell.map((one) => one.sentence);
  return notOk(worst.status, worst.reason, `${worst.sentence}${also}`, { ...extras, detail: rest });
}
