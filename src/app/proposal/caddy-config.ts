import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { siteFilesMax } from '../../model/command-limits.ts';
import { filesOf } from './files-of.ts';

/** One site of Caddy. */
export interface CaddySite {
  /** As it is written: `example.com`, `http://example.com:8080`, `:80`. */
  readonly address: string;
  /** Where everything that is asked of it is handed to, as it is written: `localhost:9000`. */
  readonly upstreams: readonly string[];
}

/** What a Caddyfile says that checks can be made of. */
export interface CaddyConfig {
  readonly sites: readonly CaddySite[];
  /** Where the admin API was put; `off` where there is none, undefined where nothing is said. */
  readonly admin?: string;
}

/**
 * Reads a Caddyfile with the files that it imports at its top. Source: Caddy, "Caddyfile concepts".
 */
export async function readCaddyConfig(file: string): Promise<CaddyConfig> {
  let left = siteFilesMax;
  const read = async (path: string): Promise<CaddyConfig> => {
    left -= 1;
    const text = left < 0 ? '' : await readFile(path, 'utf8').catch(() => '');
    const { imports, ...config } = parseCaddy(text);
    const folder = dirname(path);
    const patterns = imports.map((one) => (isAbsolute(one) ? one : join(folder, one)));
    const files = (await Promise.all(patterns.map(filesOf))).flat();
    const others = await Promise.all(files.map(read));
    return { ...config, sites: [...config.sites, ...others.flatMap(({ sites }) => sites)] };
  };
  return read(file);
}

/** Sites, the admin API and imports out of one file; a file without braces is a single site. */
export function parseCaddy(text: string): CaddyConfig & { readonly imports: readonly string[] } {
  const lines = text
    .split('\n')
    .map((line) => line.replace(/(?:^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
  const sites: CaddySite[] = [];
  const imports: string[] = [];
  let admin: string | undefined;
  let depth = 0;
  let isGlobal = false;
  let heading: string[] = [];
  let upstreams: string[] = [];
  for (const line of lines) {
    const words = line.split(/[\s,]+/).filter((word) => word !== '');
    const opens = words.at(-1) === '{';
    if (depth === 0) {
      const [first = '', second] = words;
      if (first === 'import' && second !== undefined) imports.push(second);
      else heading.push(...(opens ? words.slice(0, -1) : words));
      if (opens) {
        isGlobal = heading.length === 0;
        const isSite = (word: string): boolean => !word.startsWith('(') && !word.startsWith('&(');
        const own: string[] = [];
        upstreams = own;
        sites.push(...heading.filter(isSite).map((address) => ({ address, upstreams: own })));
        heading = [];
      }
    } else if (depth === 1 && isGlobal && words[0] === 'admin') admin = words[1];
    else if (depth === 1) upstreams.push(...proxied(words));
    if (opens) depth += 1;
    else if (words[0] === '}') depth = Math.max(0, depth - 1);
  }
  // Without braces the first line names the only site, and its directives follow.
  if (sites.length === 0 && heading.length > 0) {
    const first = lines.find((line) => !line.startsWith('import')) ?? '';
    const own = lines.flatMap((line) => proxied(line.split(/\s+/)));
    const addresses = first.split(/[\s,]+/).filter(Boolean);
    sites.push(...addresses.map((address) => ({ address, upstreams: own })));
  }
  return { sites, imports, ...(admin === undefined ? {} : { admin }) };
}

/** The upstreams of a `reverse_proxy` for all paths; those for some paths say nothing of the whole site. */
function proxied([directive, ...words]: readonly string[]): readonly string[] {
  if (directive !== 'reverse_proxy') return [];
  const places = words.filter((word) => word !== '{');
  return places.every((word) => /^(?:http:\/\/)?[\w.-]+:\d+$/.test(word)) ? places : [];
}
