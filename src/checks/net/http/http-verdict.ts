import { humanDuration } from '../../../lib/duration.ts';
import { bodyBytesMax, excerptLengthMax } from '../../../model/limits.ts';
import type { CheckResult, Phase } from '../../../model/result.ts';
import { readCoding } from './content-coding.ts';
import type { Failure } from '../failure.ts';
import { noBody, readBody, type Body } from './http-body.ts';
import { httpFamilies } from './http-families.ts';
import { hasCelRules, judgeCel, needsJson, readJson } from './http-json-rules.ts';
import { findJsonValues, type JsonFindings } from './http-json-values.ts';
import {
  hasBodyRules,
  judgeBody,
  judgeConnection,
  judgeHeaders,
  judgeStatus,
} from './http-judge.ts';
import { forgetToken } from '../../../lib/oauth2-token.ts';
import type { HttpOptions } from './http-options.ts';
import type { ChainEnd } from './http-redirects.ts';
import type { HttpPhases, Trip } from './http-trip.ts';
import { shownUrl } from '../../../lib/http-url.ts';
import type { ProbeOutcome } from '../probe.ts';
import { excerpt, type ProbeRecord } from '../record.ts';
import { resolutionFamilies, type Resolution } from '../resolve.ts';
import { cipherFamily, tlsFamilies } from '../tls/tls-facts.ts';

/** UTF-8 takes up to four bytes a character. */
const excerptBytes = excerptLengthMax * 4;

/** A response and all it is to be judged by. */
interface Judgement {
  readonly chain: ChainEnd;
  readonly trip: Trip;
  readonly resolution: Resolution | undefined;
  readonly phases: HttpPhases;
  readonly options: HttpOptions;
  readonly record: ProbeRecord;
}

/** The phases that there were, in their order. */
export function phaseList(phases: HttpPhases): Phase[] {
  return Object.entries(phases).flatMap(([name, ms]: [string, number | undefined]) =>
    ms === undefined ? [] : [{ name, ms }],
  );
}

async function read({ trip, options, record }: Judgement, isDue: boolean): Promise<Body> {
  const { body_size_limit: limitBytes } = options;
  const coding = readCoding(options.compression);
  const isUnknown = typeof coding === 'object';
  const keepBytes = isDue ? bodyBytesMax : excerptBytes;
  const compression = isUnknown ? undefined : coding;
  const plan = { compression, limitBytes, keepBytes };
  const body = await readBody(trip.reply.body, plan, record.context);
  if (isDue && body.bytes > keepBytes) {
    record.context.log(`of ${body.bytes} bytes of body the first ${keepBytes} are judged`);
  }
  return isUnknown ? { ...body, isNotPacked: true, failure: body.failure ?? coding } : body;
}

/** The body of a redirect that is not followed cannot even be looked at, which unpacking it would. */
function refusedBody({ chain, options }: Judgement): Body | undefined {
  if (!chain.isRefused) return undefined;
  const coding = readCoding(options.compression);
  if (coding !== 'gzip' && typeof coding !== 'object') return noBody;
  const summary = `the body of the redirect from ${shownUrl(chain.request.url)} is not read, so it cannot be unpacked`;
  return { ...noBody, isNotPacked: true, failure: { reason: 'body', summary } };
}

/** What the rules say of a response and its body, in the order in which they are judged. */
interface Findings {
  readonly failure: Failure | undefined;
  readonly body: Body;
  readonly isRegexFailure: boolean;
  readonly isCelFailure: boolean;
  readonly json: JsonFindings;
}

const noJson: JsonFindings = { values: [], families: [], facts: [] };

async function judge(judgement: Judgement): Promise<Findings> {
  const { chain, trip, options } = judgement;
  const { reply, tls } = trip;
  const from = shownUrl(chain.request.url);
  if (reply.status === 401) forgetToken(options.oauth2);
  const badStatus = judgeStatus(trip, from, options);
  const badHeader = badStatus ? undefined : judgeHeaders(reply.headers, options);
  const isSound = !badStatus && !badHeader;
  const isDue = isSound && hasBodyRules(options);
  const body =
    refusedBody(judgement) ?? (await read(judgement, isDue || (isSound && needsJson(options))));
  const seenBody = chain.isRefused ? undefined : body;
  const hasRules = isDue && body.isNotPacked !== true;
  const badText = hasRules ? judgeBody(seenBody, from, options) : undefined;
  const hasJson = isSound && body.isNotPacked !== true && needsJson(options);
  const reading = hasJson ? readJson(seenBody, bodyBytesMax, from) : undefined;
  const isCelDue = reading !== undefined && badText === undefined && hasCelRules(options);
  const badJson = isCelDue ? judgeCel(reading, from, options) : undefined;
  const json = judgeValues(reading, from, options);
  const failure =
    badStatus ??
    badHeader ??
    badText ??
    badJson ??
    body.failure ??
    json.failure ??
    judgeConnection(reply, tls !== undefined, options);
  return {
    failure,
    body,
    isRegexFailure: (badHeader ?? badText) !== undefined,
    isCelFailure: badJson !== undefined,
    json,
  };
}

function judgeValues(
  reading: ReturnType<typeof readJson> | undefined,
  from: string,
  options: HttpOptions,
): JsonFindings {
  const { json_values: wanted } = options;
  if (reading === undefined || wanted.length === 0) return noJson;
  if (!('failure' in reading)) return findJsonValues(reading.value, wanted, from);
  // Values that may all be missing do not even need the body to be JSON.
  if (wanted.every(({ optional }) => optional)) return noJson;
  return { ...noJson, failure: reading.failure };
}

/** Judges the final response by all rules and tells what was found. */
export async function judgeReply(judgement: Judgement): Promise<ProbeOutcome> {
  const { chain, trip, resolution, phases, options, record } = judgement;
  const { reply, tls } = trip;
  const { context } = record;
  const found = await judge(judgement);
  const { body, failure, json } = found;
  const transferMs = context.clock.now().steadyMs - reply.firstByteAt;
  phases.transfer += transferMs;
  context.debug?.(`body: ${body.bytes} bytes in ${transferMs.toFixed(1)}ms`);
  const isQuoted = failure?.reason === 'status' || failure?.reason === 'body';
  if (isQuoted && body.text !== '') context.log(`body: ${excerpt(body.text)}`);
  const list = phaseList(phases);
  const nowMs = context.clock.now().wallMs;
  const facts: Pick<CheckResult, 'phases' | 'families' | 'values' | 'facts'> = {
    phases: list,
    families: [
      ...httpFamilies({
        reply,
        method: chain.request.method,
        redirects: chain.redirects,
        bodyBytes: body.bytes,
        isTls: tls !== undefined,
        isRegexFailure: found.isRegexFailure,
        isCelFailure: hasCelRules(options) ? found.isCelFailure : undefined,
        phases: list,
      }),
      ...(resolution === undefined ? [] : resolutionFamilies(resolution)),
      ...(tls ? [...tlsFamilies(tls.secured, tls.setup, nowMs), cipherFamily(tls.secured)] : []),
      ...json.families,
    ],
    values: json.values,
    ...(json.facts.length === 0 ? {} : { facts: json.facts }),
  };
  const { breach } = json;
  if (failure === undefined && breach !== undefined) {
    const outcome = record.finish({ reason: 'threshold', summary: breach.summary }, facts);
    return { ...outcome, status: breach.status };
  }
  const took = humanDuration(record.elapsedMs());
  const from = shownUrl(chain.request.url);
  return record.finish(failure ?? `HTTP ${reply.status} from ${from} in ${took}`, facts);
}
