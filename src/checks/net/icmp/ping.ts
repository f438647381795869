import { isIP } from 'node:net';
import { runProgram } from '../../host/run-program.ts';
import { timedOut, type Failure } from '../failure.ts';
import { excerpt } from '../record.ts';
import type { IcmpOptions } from './icmp-options.ts';
import { readPingOutput, type Pong } from './ping-output.ts';
import type { ProbeContext } from '../probe.ts';
import type { Address } from '../resolve.ts';

/** What came of some echo requests. */
export interface Pings {
  /** The replies in the order they came. */
  readonly pongs: readonly (Pong & { readonly roundTripMs: number })[];
  readonly sent: number;
  /** Milliseconds until the first request was sent, as far as that is known. */
  readonly setupMs: number;
  /** Why there is no reply; set exactly where there is none. */
  readonly failure?: Failure;
}

function nothingSent(failure: Failure): Pings {
  return { pongs: [], sent: 0, setupMs: 0, failure };
}

/** What blackbox_exporter sends if no size is given. */
const defaultPayloadBytes = 28;

/** The options of iputils' ping: numbers instead of names, and word of what stays unanswered. */
function pingArguments(
  address: Address,
  options: IcmpOptions,
  timeoutMs: number,
): readonly string[] {
  const { payload_size: size, ttl, dont_fragment: whole, source_ip_address: source } = options;
  const { count, ping_interval: intervalMs } = options;
  return [
    address.family === 4 ? '-4' : '-6',
    '-n',
    `-c${count}`,
    ...(count === 1 ? [] : ['-O', `-i${intervalMs / 1000}`]),
    `-W${Math.max(1, Math.ceil(timeoutMs / 1000))}`,
    `-s${size === 0 ? defaultPayloadBytes : size}`,
    ...(ttl === 0 ? [] : [`-t${ttl}`]),
    ...(whole && address.family === 4 ? ['-Mdo'] : []),
    ...(source === undefined ? [] : ['-I', source]),
    '--',
    address.ip,
  ];
}

/** Where ping is looked for besides the path of the agent: under systemd that may lack `sbin`. */
const usualFolders = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const deniedPattern = /operation not permitted|permission denied|cap_net_raw|are you root/i;
const tooFastPattern = /cannot flood|minimal interval allowed/i;

function notStarted(program: string, code: string, message: string): Failure {
  const isMissing = code === 'ENOENT';
  return {
    reason: isMissing ? 'internal' : 'permission',
    summary: isMissing
      ? `there is no ${program} program, which icmp checks use: apt install iputils-ping`
      : `cannot start ${program}: ${message}`,
    unknown: true,
  };
}

function noReply(output: string, ip: string, context: ProbeContext): Failure {
  const lines = output.split('\n').map((line) => line.trim());
  if (deniedPattern.test(output)) {
    return {
      reason: 'permission',
      summary:
        'ping may not open its socket: allow it with ' +
        'sysctl -w net.ipv4.ping_group_range="0 2147483647", or setcap cap_net_raw+ep on ping',
      unknown: true,
    };
  }
  if (tooFastPattern.test(output)) {
    return {
      reason: 'permission',
      summary: 'ping lets only root send that fast: set ping_interval to 200ms or more',
      unknown: true,
    };
  }
  // "From 192.0.2.1 icmp_seq=1 Destination Host Unreachable"
  const refusal = lines.map((line) => /^From (\S+?):? icmp_seq=\d+ (.+)$/.exec(line)).find(Boolean);
  if (refusal) {
    const [, router = '', message = ''] = refusal;
    return { reason: 'connect', summary: `no echo reply from ${ip}: ${router} says ${message}` };
  }
  const complaint = lines.find((line) => /^ping6?:/.test(line));
  if (complaint !== undefined) {
    const why = complaint.replace(/^ping6?: /, '');
    return { reason: 'connect', summary: `no echo reply from ${ip}: ${why}` };
  }
  if (!/packets transmitted/.test(output)) {
    const said = JSON.stringify(excerpt(output));
    return {
      reason: 'command',
      summary: `ping tells nothing of replies, it says ${said}`,
      unknown: true,
    };
  }
  return timedOut(context, `waiting for an echo reply from ${ip}`);
}

/**
 * Sends echo requests with the system's `ping`, since only it may open the socket for that. Takes an
 * address, never a name. Stopped at the deadline, what came until then counts.
 */
export async function ping(
  address: Address,
  options: IcmpOptions,
  context: ProbeContext,
  program = 'ping',
): Promise<Pings> {
  const { source_ip_address: source } = options;
  if (source !== undefined && isIP(source) === 0) {
    const summary = `source_ip_address ${source} is not an IP address`;
    return nothingSent({ reason: 'connect', summary });
  }
  const { clock } = context;
  const startMs = clock.now().steadyMs;
  const line = pingArguments(address, options, context.timeoutMs);
  context.debug?.(`running ${program} ${line.join(' ')}`);
  const outcome = await runProgram(
    {
      program,
      arguments: line,
      environment: { LC_ALL: 'C', PATH: `${process.env.PATH ?? ''}:${usualFolders}` },
    },
    context,
  );
  const elapsedMs = clock.now().steadyMs - startMs;
  if (outcome.kind === 'not_started') {
    return nothingSent(notStarted(program, outcome.code, outcome.message));
  }
  const output = `${outcome.stdout}\n${outcome.stderr}`;
  for (const text of output.split('\n').filter(Boolean)) context.log(text);
  const { pongs, sent, spanMs } = readPingOutput(outcome.stdout, options.count);
  const isSound = outcome.kind === 'overdue' || outcome.exitCode === 0 || options.count > 1;
  if (pongs.length === 0 || !isSound) {
    const failure =
      outcome.kind === 'overdue'
        ? timedOut(context, `waiting for an echo reply from ${address.ip}`)
        : noReply(output, address.ip, context);
    // Killed before it wrote anything, it had sent one by all likelihood.
    const left = outcome.kind === 'overdue' ? Math.max(1, sent) : sent;
    return { pongs: [], sent: left, setupMs: elapsedMs, failure };
  }
  // Too small a payload has no room for the time stamp, and ping then tells no time.
  const timed = pongs.map((pong) => ({ ...pong, roundTripMs: pong.roundTripMs ?? elapsedMs }));
  const lastMs = timed.at(-1)?.roundTripMs ?? 0;
  const setupMs = spanMs === undefined ? 0 : Math.max(0, elapsedMs - spanMs - lastMs);
  return { pongs: timed, sent, setupMs };
}
