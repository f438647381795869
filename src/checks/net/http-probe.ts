import { humanDuration } from '../../lib/duration.ts';
import { bodyBytesMax, excerptLengthMax } from '../../model/limits.ts';
import type { Phase } from '../../model/result.ts';
import { isFailure, type Failure } from './failure.ts';
import { noBody, readBody, type Body } from './http-body.ts';
import { httpFamilies } from './http-families.ts';
import {
  hasBodyRules,
  judgeBody,
  judgeConnection,
  judgeHeaders,
  judgeStatus,
} from './http-judge.ts';
import type { HttpOptions } from './http-options.ts';
import { followChain, type ChainEnd } from './http-redirects.ts';
import { firstRequest } from './http-request.ts';
import type { HttpPhases, Trip } from './http-trip.ts';
import { hostOf, parseTarget, shownUrl } from './http-url.ts';
import type { ProbeContext, ProbeOutcome } from './probe.ts';
import { excerpt, startRecord, type ProbeRecord } from './record.ts';
import { resolutionFamilies, resolveHost, type Resolution } from './resolve.ts';
import { certificateDaysLeft, cipherFamily, tlsFamilies } from './tls-facts.ts';

/** UTF-8 takes up to four bytes a character. */
const excerptBytes = excerptLengthMax * 4;

/** What is left of a probe that never got a response. */
const nothing = { redirects: 0, bodyBytes: 0, isTls: false, isRegexFailure: false };

function phaseList(phases: HttpPhases): Phase[] {
  return Object.entries(phases).map(([name, ms]) => ({ name, ms }));
}

/**
 * Requests a URL, follows redirects and judges the final response. What is exported, and in which order
 * the rules are judged, follows the http prober of blackbox_exporter.
 */
export async function probeHttp(
  target: string,
  options: HttpOptions,
  outer: ProbeContext,
): Promise<ProbeOutcome> {
  const record = startRecord(outer);
  const { context } = record;
  const url = parseTarget(target);
  if (url === undefined) {
    const verdict: Failure = { reason: 'resolve', summary: 'the target is no http or https URL' };
    return record.finish(verdict, {
      families: httpFamilies({ ...nothing, phases: [] }),
      phases: [],
    });
  }
  const resolution = await resolveHost(hostOf(url), options, context);
  const phases = { resolve: resolution.lookupMs, connect: 0, tls: 0, processing: 0, transfer: 0 };
  const { found } = resolution;
  if (isFailure(found)) return beforeRequest(record, resolution, found);
  const request = await firstRequest(url, options);
  if (isFailure(request)) return beforeRequest(record, resolution, request);
  const chain = await followChain(request, found, options, phases, context);
  const { end, redirects } = chain;
  if (isFailure(end)) {
    const list = phaseList(phases);
    const families = httpFamilies({ ...nothing, redirects, phases: list });
    return record.finish(end, {
      families: [...families, ...resolutionFamilies(resolution)],
      phases: list,
    });
  }
  try {
    return await judgeReply({ chain, trip: end, resolution, phases, options, record });
  } finally {
    end.reply.close();
  }
}

/** The end of a probe that could not send its request: of the phases there is only the first. */
function beforeRequest(
  record: ProbeRecord,
  resolution: Resolution,
  failure: Failure,
): ProbeOutcome {
  const phases = [{ name: 'resolve', ms: resolution.lookupMs }];
  const families = [...httpFamilies({ ...nothing, phases }), ...resolutionFamilies(resolution)];
  return record.finish(failure, { families, phases });
}

interface Judgement {
  readonly chain: ChainEnd;
  readonly trip: Trip;
  readonly resolution: Resolution;
  readonly phases: HttpPhases;
  readonly options: HttpOptions;
  readonly record: ProbeRecord;
}

async function judgeReply(judgement: Judgement): Promise<ProbeOutcome> {
  const { chain, trip, resolution, phases, options, record } = judgement;
  const { reply, tls } = trip;
  const { context } = record;
  const from = shownUrl(chain.request.url);
  const badStatus = judgeStatus(reply.status, from, options);
  const badHeader = badStatus ? undefined : judgeHeaders(reply.headers, options);
  const bodyIsDue = !badStatus && !badHeader && hasBodyRules(options);
  const body = chain.isRefused ? noBody : await read(judgement, bodyIsDue);
  phases.transfer += context.clock.now().steadyMs - reply.firstByteAt;
  const seenBody = chain.isRefused ? undefined : body;
  const badBody = bodyIsDue ? judgeBody(seenBody, from, options) : undefined;
  const failure =
    badStatus ??
    badHeader ??
    badBody ??
    body.failure ??
    judgeConnection(reply, tls !== undefined, options);
  if ((badStatus ?? badBody) && body.text !== '') {
    record.context.log(`body: ${excerpt(body.text)}`);
  }
  const list = phaseList(phases);
  const nowMs = context.clock.now().wallMs;
  const took = humanDuration(record.elapsedMs());
  return record.finish(failure ?? `HTTP ${reply.status} from ${from} in ${took}`, {
    phases: list,
    families: [
      ...httpFamilies({
        reply,
        redirects: chain.redirects,
        bodyBytes: body.bytes,
        isTls: tls !== undefined,
        isRegexFailure: (badHeader ?? badBody) !== undefined,
        phases: list,
      }),
      ...resolutionFamilies(resolution),
      ...(tls ? [...tlsFamilies(tls.secured, tls.setup, nowMs), cipherFamily(tls.secured)] : []),
    ],
    values: tls === undefined ? [] : certificateDaysLeft(tls.secured, nowMs),
  });
}

async function read({ trip, options, record }: Judgement, isDue: boolean): Promise<Body> {
  const { compression, body_size_limit: limitBytes } = options;
  const keepBytes = isDue ? bodyBytesMax : excerptBytes;
  const body = await readBody(
    trip.reply.body,
    { compression, limitBytes, keepBytes },
    record.context,
  );
  if (isDue && body.bytes > keepBytes) {
    record.context.log(`of ${body.bytes} bytes of body the first ${keepBytes} are judged`);
  }
  return body;
}
