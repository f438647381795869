/** The answer to one echo request. */
export interface Pong {
  /** Which of the requests it answers, from 1. */
  readonly sequence: number;
  /** Milliseconds between request and reply, as `ping` measured them; too small a payload has none. */
  readonly roundTripMs?: number;
  /** TTL or hop limit of the reply, if it was told. */
  readonly hopLimit?: number;
}

/** What a run of `ping` tells of its packets. */
export interface PingOutput {
  /** Replies in the order they came, each request answered once. */
  readonly pongs: readonly Pong[];
  /** Requests known to have left, without one that was still on its way when ping was stopped. */
  readonly sent: number;
  /** Milliseconds from the first request to the last, if ping came to its end. */
  readonly spanMs?: number;
}

const replyPattern =
  /^\d+ bytes from (\S+?):? .*?(?:icmp_seq=(\d+) )?\b(?:ttl|hlim)=(\d+)(?: time[=<]([\d.]+) ms)?(.*)$/;

/** Replies that are none: they differ from what was sent, or come from somebody who was not asked. */
const oddPattern = /\((?:DIFFERENT ADDRESS!|BAD CHECKSUM!?|truncated|DUP!)\)/;

const wrongDataPattern = /^wrong data byte /;
const outstandingPattern = /^no answer yet for icmp_seq=(\d+)/;
const totalsPattern = /^(\d+) packets transmitted,.* time (\d+)\s*ms/;

function pongOf(match: RegExpExecArray): Pong {
  const [, , sequence, hops, time] = match;
  return {
    sequence: Number(sequence ?? 1),
    ...(time === undefined ? {} : { roundTripMs: Number(time) }),
    ...(hops === undefined ? {} : { hopLimit: Number(hops) }),
  };
}

/** Reads the output of iputils' `ping`, cut off anywhere, that was to send `count` requests. */
export function readPingOutput(output: string, count: number): PingOutput {
  const pongs = new Map<number, Pong>();
  // The first request leaves together with this line.
  let highest = /^PING /m.test(output) ? 1 : 0;
  let totals: { readonly sent: number; readonly spanMs: number } | undefined;
  let latest: Pong | undefined;
  for (const line of output.split('\n').map((raw) => raw.trim())) {
    const reply = replyPattern.exec(line);
    if (reply !== null) {
      const pong = pongOf(reply);
      // Ping takes any number in a reply for one of its own.
      const isOurs = pong.sequence >= 1 && pong.sequence <= count && !oddPattern.test(line);
      const isNew = isOurs && !pongs.has(pong.sequence);
      if (isOurs) highest = Math.max(highest, pong.sequence);
      latest = isNew ? pong : undefined;
      if (isNew) pongs.set(pong.sequence, pong);
    } else if (wrongDataPattern.test(line) && latest !== undefined) {
      pongs.delete(latest.sequence);
      latest = undefined;
    }
    // Ping says so when it sends the next one.
    const outstanding = outstandingPattern.exec(line);
    if (outstanding !== null) highest = Math.max(highest, Number(outstanding[1]) + 1);
    const end = totalsPattern.exec(line);
    if (end !== null) totals = { sent: Number(end[1]), spanMs: Number(end[2]) };
  }
  return {
    pongs: [...pongs.values()],
    sent: Math.max(totals?.sent ?? 0, highest),
    ...(totals === undefined ? {} : { spanMs: totals.spanMs }),
  };
}
