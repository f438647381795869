import type { Socket } from 'node:net';
import type { Redact } from '../../lib/redact.ts';
import type { TlsOptions } from '../../lib/tls-options.ts';
import { smtpReplyBytesMax } from '../../model/limits.ts';
import type { Phase } from '../../model/result.ts';
import { isFailure, timedOut, type Failure } from '../net/failure.ts';
import type { ProbeContext } from '../net/probe.ts';
import { excerpt } from '../net/record.ts';
import { readStream } from '../net/stream-reader.ts';
import type { Connected } from './endpoint.ts';
import { parseReplyLine, quoteReply, replyOf, type SmtpReply } from './smtp-reply.ts';

/** A conversation with a mail server (RFC 5321), one command at a time. No message is ever sent. */
export interface SmtpSession {
  readonly peer: string;
  /** The address the agent is seen with, as mail servers write it. */
  readonly ownLiteral: string;
  /** How long each part took so far, those of one name together. */
  readonly phases: () => readonly Phase[];
  /** Waits for what the server says by itself once the connection stands. */
  greeting(): Promise<SmtpReply | Failure>;
  /** Sends one command; `shown` is what logs and sentences say instead of it. */
  ask(phase: string, command: string, shown?: string): Promise<SmtpReply | Failure>;
  /** Puts TLS on the connection. What was said before does not count any more. */
  secure(config: TlsOptions | undefined): Promise<Failure | undefined>;
  /** Says QUIT and hangs up. */
  close(): void;
}

/** Begins a conversation over a connection, which belongs to the session from now on. */
export function openSmtp(connected: Connected, redact: Redact, context: ProbeContext): SmtpSession {
  const { peer } = connected;
  const times = new Map(connected.phases.map(({ name, ms }) => [name, ms]));
  let socket: Socket = connected.socket;
  let reader = readStream(socket, context.signal);

  async function timed<Outcome>(phase: string, run: () => Promise<Outcome>): Promise<Outcome> {
    const startMs = context.clock.now().steadyMs;
    const outcome = await run();
    const ms = context.clock.now().steadyMs - startMs;
    times.set(phase, (times.get(phase) ?? 0) + ms);
    return outcome;
  }

  async function reply(what: string): Promise<SmtpReply | Failure> {
    const lines: string[] = [];
    let bytesLeft = smtpReplyBytesMax;
    for (;;) {
      const read = await reader.line(bytesLeft);
      if (typeof read === 'string') return stopped(read, what, peer, context);
      const line = redact(read.line);
      const parsed = parseReplyLine(line);
      if (parsed === undefined) return foreign(peer, line);
      lines.push(parsed.text);
      bytesLeft -= read.line.length + 2;
      if (bytesLeft <= 0) return stopped('too long', what, peer, context);
      if (!parsed.isLast) continue;
      const answer = replyOf(parsed.code, lines);
      context.log(`${what}: ${quoteReply(answer)}`);
      return answer;
    }
  }

  return {
    peer,
    ownLiteral: literalOf(socket.localAddress),
    phases: () => [...times].map(([name, ms]) => ({ name, ms })),
    greeting: async () => timed('greeting', async () => reply('the greeting')),
    async ask(phase, command, shown = command) {
      return timed(phase, async () => {
        socket.write(`${command}\r\n`);
        return reply(shown);
      });
    },
    async secure(config) {
      return timed('tls', async () => {
        reader.release();
        const secured = await connected.secure(config);
        if (isFailure(secured)) return secured;
        socket = secured;
        reader = readStream(socket, context.signal);
        return undefined;
      });
    },
    close() {
      reader.release();
      // Nobody waits for the answer, which says nothing about the server.
      if (socket.writable) socket.write('QUIT\r\n');
      socket.destroySoon();
    },
  };
}

function stopped(
  stop: 'ended' | 'broken' | 'late' | 'too long',
  what: string,
  peer: string,
  context: ProbeContext,
): Failure {
  const answering = what === 'the greeting' ? 'greet' : `answer ${what}`;
  if (stop === 'late') return timedOut(context, `waiting for ${peer} to ${answering}`);
  return stop === 'too long'
    ? { reason: 'protocol', summary: `${peer} does not end when it should ${answering}` }
    : { reason: 'connect', summary: `${peer} closed the connection when it should ${answering}` };
}

function foreign(peer: string, line: string): Failure {
  const said = JSON.stringify(excerpt(line.slice(0, 80)));
  return { reason: 'protocol', summary: `${peer} does not speak SMTP, it says ${said}` };
}

/** An address as it stands for a name in EHLO (RFC 5321, 4.1.3). */
function literalOf(address: string | undefined): string {
  if (address === undefined) return 'localhost';
  return address.includes(':') ? `[IPv6:${address}]` : `[${address}]`;
}
