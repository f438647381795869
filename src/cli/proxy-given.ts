import type { OutwardProxy } from '../app/proposal/outward-proxy.ts';
import { parseProxyVariable } from '../lib/http-proxy-options.ts';
import { Secret } from '../model/secret.ts';
import { UsageError } from './command.ts';

/**
 * The proxy that `https_proxy` and `no_proxy` name, in small letters or capitals, as curl finds it. A service does not
 * see these variables, so that they are written down. This host itself is always reached directly.
 */
export function proxyGiven(
  environment: Readonly<Record<string, string | undefined>>,
): OutwardProxy | undefined {
  const variable = (name: string): string =>
    [environment[name], environment[name.toUpperCase()]].find((value) => (value ?? '') !== '') ??
    '';
  const written = variable('https_proxy');
  if (written === '') return undefined;
  const url = parseProxyVariable(written);
  if (url === undefined) {
    // The value itself is not repeated: it may hold a password.
    throw new UsageError('https_proxy: expected the URL of a proxy, http:// or https://');
  }
  const exceptions = variable('no_proxy')
    .split(',')
    .map((entry) => entry.trim());
  const others = exceptions.filter((entry) => entry !== '' && entry !== 'localhost');
  return {
    url: Secret.of(url.href.replace(/\/$/, '')),
    isSecret: url.username !== '' || url.password !== '',
    except: ['localhost', ...others].join(','),
  };
}
