import type { Secret } from '../model/secret.ts';
import type { HttpConfig } from './http-config.ts';
import { httpPost } from './http-post.ts';

/**
 * Posts a JSON body to an address that expects to hear from the agent regularly. Gives why it was not
 * taken, or undefined when it was.
 */
export async function postVerdict(
  verdict: object,
  {
    url,
    http,
    timeoutMs,
    userAgent,
  }: {
    readonly url: Secret;
    /** As `http_config` of a webhook was read. */
    readonly http: HttpConfig | undefined;
    readonly timeoutMs: number;
    readonly userAgent: string;
  },
): Promise<string | undefined> {
  let address: string;
  try {
    address = url.reveal();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  const result = await httpPost({
    url: address,
    headers: { 'user-agent': userAgent },
    body: JSON.stringify(verdict),
    timeoutMs,
    ...(http === undefined ? {} : { http }),
  });
  if (!result.ok) return result.outcome.detail;
  const { status } = result.answer;
  return status >= 200 && status < 300 ? undefined : `HTTP ${status}`;
}
