import * as v from 'valibot';
import { hostOf, isHttp, isSecure, portOf, shownUrl } from '../../lib/http-url.ts';
import { nonEmptyText } from '../../lib/schema-atoms.ts';
import type { TlsOptions } from '../../lib/tls-options.ts';
import { isFailure, type Failure } from '../net/failure.ts';
import { formatHostPort } from '../net/host-port.ts';
import type { ProbeContext } from '../net/probe.ts';
import { httpGet, type HttpAnswer } from './http-get.ts';

const message = 'a URL such as http://127.0.0.1:8080/health, without user and password';

/** A URL that is asked with GET. */
export const httpAddress = v.pipe(
  nonEmptyText,
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const url = URL.parse(dataset.value);
    if (url !== null && isHttp(url) && url.username === '' && url.password === '') return url;
    addIssue({ message });
    return NEVER;
  }),
);

/** Asks a URL, as the virtual host `host` if one is given. */
export async function getUrl(
  url: URL,
  given: { readonly host?: string | undefined; readonly tls_config?: TlsOptions | undefined },
  context: ProbeContext,
): Promise<HttpAnswer | Failure> {
  const place = {
    target: formatHostPort(hostOf(url), portOf(url)),
    defaultPort: portOf(url),
    host: given.host ?? url.host,
    tls: isSecure(url),
    tls_config: given.tls_config,
  };
  return httpGet(place, `${url.pathname}${url.search}`, context);
}

/** How people are told of what a URL answered. */
export function said(url: URL, answer: HttpAnswer | Failure): string {
  if (isFailure(answer)) return `${shownUrl(url)} fails (${answer.summary})`;
  return `${shownUrl(url)} answers ${answer.status}`;
}
