import { isIP } from 'node:net';
import { runProgram } from '../host/run-program.ts';
import { timedOut, type Failure } from './failure.ts';
import type { IcmpOptions } from './icmp-options.ts';
import type { ProbeContext } from './probe.ts';
import type { Address } from './resolve.ts';

/** The answer to one echo request. */
export interface Pong {
  /** Milliseconds between request and reply, as `ping` measured them. */
  readonly roundTripMs: number;
  /** TTL or hop limit of the reply, if it was told. */
  readonly hopLimit?: number;
}

/** What blackbox_exporter sends if no size is given. */
const defaultPayloadBytes = 28;

/** The options of iputils' ping: one packet, numbers instead of names. */
function pingArguments(
  address: Address,
  options: IcmpOptions,
  timeoutMs: number,
): readonly string[] {
  const { payload_size: size, ttl, dont_fragment: whole, source_ip_address: source } = options;
  return [
    address.family === 4 ? '-4' : '-6',
    '-n',
    '-c1',
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

const replyPattern = /^\d+ bytes from .*?\b(?:ttl|hlim)=(\d+)(?: time[=<]([\d.]+) ms)?/m;
const deniedPattern = /operation not permitted|permission denied|cap_net_raw|are you root/i;

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
  return timedOut(context, `waiting for an echo reply from ${ip}`);
}

/**
 * Sends one echo request with the system's `ping`, since only it may open the socket for that. Takes an
 * address, never a name.
 */
export async function ping(
  address: Address,
  options: IcmpOptions,
  context: ProbeContext,
  program = 'ping',
): Promise<Pong | Failure> {
  const { source_ip_address: source } = options;
  if (source !== undefined && isIP(source) === 0) {
    return { reason: 'connect', summary: `source_ip_address ${source} is not an IP address` };
  }
  const { clock } = context;
  const startMs = clock.now().steadyMs;
  const outcome = await runProgram(
    {
      program,
      arguments: pingArguments(address, options, context.timeoutMs),
      environment: { LC_ALL: 'C', PATH: `${process.env.PATH ?? ''}:${usualFolders}` },
    },
    context,
  );
  if (outcome.kind === 'not_started') return notStarted(program, outcome.code, outcome.message);
  if (outcome.kind === 'overdue') {
    return timedOut(context, `waiting for an echo reply from ${address.ip}`);
  }
  const output = `${outcome.stdout}\n${outcome.stderr}`;
  for (const line of output.split('\n').filter(Boolean)) context.log(line);
  const reply = replyPattern.exec(output);
  if (outcome.exitCode !== 0 || reply === null) return noReply(output, address.ip, context);
  const [, hops, time] = reply;
  // Too small a payload has no room for the time stamp, and ping then tells no time.
  return {
    roundTripMs: time === undefined ? clock.now().steadyMs - startMs : Number(time),
    ...(hops === undefined ? {} : { hopLimit: Number(hops) }),
  };
}
