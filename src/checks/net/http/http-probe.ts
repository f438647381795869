import type { Phase } from '../../../model/result.ts';
import { isFailure, type Failure } from '../failure.ts';
import { httpFamilies } from './http-families.ts';
import { identified } from './http-identified.ts';
import { hasCelRules } from './http-json-rules.ts';
import { leavesLookupToProxy, type HttpOptions } from './http-options.ts';
import { followChain } from './http-redirects.ts';
import { firstRequest, type HttpRequest } from './http-request.ts';
import type { HttpPhases } from './http-trip.ts';
import { hostOf, parseTarget } from '../../../lib/http-url.ts';
import { judgeReply, phaseList } from './http-verdict.ts';
import type { ProbeContext, ProbeOutcome } from '../probe.ts';
import { startRecord, type ProbeRecord } from '../record.ts';
import { resolutionFamilies, resolveHost, type Resolution } from '../resolve.ts';
import { tlsSetup } from '../tls/tls-setup.ts';

/** A probe that ends without a response. */
interface Unanswered {
  readonly record: ProbeRecord;
  readonly options: HttpOptions;
  /** Undefined where no name was looked up. */
  readonly resolution: Resolution | undefined;
  readonly phases: readonly Phase[];
  readonly redirects?: number;
}

function endUnanswered(failure: Failure, end: Unanswered): ProbeOutcome {
  const { record, options, resolution, phases, redirects = 0 } = end;
  const families = httpFamilies({
    method: options.method,
    redirects,
    bodyBytes: 0,
    isTls: false,
    isRegexFailure: false,
    isCelFailure: hasCelRules(options) ? false : undefined,
    phases,
  });
  const resolved = resolution === undefined ? [] : resolutionFamilies(resolution);
  return record.finish(failure, { families: [...families, ...resolved], phases });
}

/** What must be at hand before there is a request: the files of TLS, and the body. */
async function prepare(url: URL, options: HttpOptions): Promise<HttpRequest | Failure> {
  const setup = options.tls_config === undefined ? undefined : await tlsSetup(options.tls_config);
  if (setup !== undefined && isFailure(setup)) return setup;
  return firstRequest(url, options);
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
  const ended = { record, options, resolution: undefined, phases: [] };
  if (url === undefined) {
    return endUnanswered(
      { reason: 'resolve', summary: 'the target is no http or https URL' },
      ended,
    );
  }
  if (options.no_follow_redirects !== undefined) {
    context.log('no_follow_redirects is deprecated, follow_redirects stands for it');
  }
  const resolution = leavesLookupToProxy(options)
    ? undefined
    : await resolveHost(hostOf(url), options, context);
  const resolveMs = resolution?.lookupMs;
  const lookedUp = {
    ...ended,
    resolution,
    phases: resolveMs === undefined ? [] : [{ name: 'resolve', ms: resolveMs }],
  };
  const home = resolution?.found;
  if (home !== undefined && isFailure(home)) return endUnanswered(home, lookedUp);
  const prepared = await prepare(url, options);
  if (isFailure(prepared)) return endUnanswered(prepared, lookedUp);
  const phases: HttpPhases = { resolve: resolveMs, connect: 0, tls: 0, processing: 0, transfer: 0 };
  const request = await identified(prepared, options, context);
  if (isFailure(request)) {
    return endUnanswered(request, { ...lookedUp, phases: phaseList(phases) });
  }
  const chain = await followChain(request, home, options, phases, context);
  const { end, redirects } = chain;
  if (isFailure(end)) {
    return endUnanswered(end, { ...lookedUp, phases: phaseList(phases), redirects });
  }
  try {
    return await judgeReply({ chain, trip: end, resolution, phases, options, record });
  } finally {
    end.reply.close();
  }
}
