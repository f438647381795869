import type { Secret } from '../../model/secret.ts';

/** The proxy by which this host gets out. */
export interface OutwardProxy {
  readonly url: Secret;
  /** Whether the URL holds a user or a password. */
  readonly isSecret: boolean;
  /** What is reached without it, separated by commas, as in `no_proxy`. */
  readonly except: string;
}

/** The name of the file in which a URL with a password is kept. */
const credential = 'proxy-url';

/** The secrets of the proxy, by the name of the file that each is kept in. */
export function secretsOfProxy(proxy: OutwardProxy | undefined): Map<string, Secret> {
  return new Map(proxy?.isSecret === true ? [[credential, proxy.url]] : []);
}

/** The section `global`, by which every receiver over HTTP is reached through the proxy. */
export function proxyLines(
  proxy: OutwardProxy | undefined,
  referenceTo: (name: string) => string,
): readonly string[] {
  if (proxy === undefined) return [];
  const { url, isSecret, except } = proxy;
  return [
    'global: # the proxy that https_proxy named when this was written',
    '  http_config:',
    `    proxy_url: ${isSecret ? referenceTo(credential) : JSON.stringify(url.reveal())}`,
    `    no_proxy: ${JSON.stringify(except.replaceAll('$', '$$$$'))}`,
  ];
}
