import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { siteFilesMax } from '../../model/command-limits.ts';
import { filesOf } from './files-of.ts';

/** One directive of nginx: its words, and what stands in its braces. */
export interface Directive {
  readonly words: readonly string[];
  readonly block: readonly Directive[];
}

/**
 * Reads the configuration of nginx with the files it includes, `siteFilesMax` at most; what may not be read
 * is left out. Source: nginx, "Beginner's Guide", Configuration File's Structure.
 */
export async function readNginxConfig(file: string): Promise<readonly Directive[]> {
  let left = siteFilesMax;
  const folder = dirname(file);
  const read = async (path: string): Promise<readonly Directive[]> => {
    left -= 1;
    const text = left < 0 ? '' : await readFile(path, 'utf8').catch(() => '');
    return included(parseNginx(text));
  };
  const included = async (list: readonly Directive[]): Promise<readonly Directive[]> => {
    const parts = list.map(async ({ words, block }): Promise<readonly Directive[]> => {
      const [name, value] = words;
      if (name !== 'include' || value === undefined)
        return [{ words, block: await included(block) }];
      const files = await filesOf(isAbsolute(value) ? value : join(folder, value));
      return (await Promise.all(files.map(read))).flat();
    });
    return (await Promise.all(parts)).flat();
  };
  return read(file);
}

/** Directives out of a text; one that breaks off gives what came before. */
export function parseNginx(text: string): readonly Directive[] {
  const tokens = text.matchAll(
    /#[^\n]*|"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|[;{}]|(?:\$\{[^}\s]*\}|[^\s;{}"'])+/g,
  );
  const open: { readonly block: Directive[]; words: string[] }[] = [{ block: [], words: [] }];
  for (const [token, double, single] of tokens) {
    const level = open.at(-1);
    if (level === undefined || token.startsWith('#')) continue;
    if (token === '{') open.push({ block: [], words: [] });
    else if (token === ';') {
      level.block.push({ words: level.words, block: [] });
      level.words = [];
    } else if (token === '}') {
      if (open.length === 1) break;
      open.pop();
      const parent = open.at(-1);
      parent?.block.push({ words: parent.words, block: level.block });
      if (parent !== undefined) parent.words = [];
    } else level.words.push(double ?? single ?? token);
  }
  return open[0]?.block ?? [];
}

/** One `server` of nginx, as far as checks can be made of it. */
export interface NginxServer {
  readonly names: readonly string[];
  readonly listens: readonly {
    readonly host: string;
    readonly port: number;
    readonly tls: boolean;
  }[];
  /** Files of certificates. */
  readonly certificates: readonly string[];
  /** The path where stub_status answers. */
  readonly statusPath?: string;
  /** Where what is asked of its root is handed to over HTTP, as `host:port`. */
  readonly upstreams: readonly string[];
  /** Whether it only sends its visitors elsewhere. */
  readonly isRedirect: boolean;
}

/** The servers of HTTP in a configuration. */
export function nginxServers(config: readonly Directive[]): readonly NginxServer[] {
  const https = config.filter(({ words: [name] }) => name === 'http').flatMap(({ block }) => block);
  // A file of a site that was read alone has its servers at the top.
  const all = [...https, ...config];
  const groups = new Map(
    all
      .filter(({ words: [name] }) => name === 'upstream')
      .map(({ words: [, name = ''], block }) => [name, valuesOf(block, 'server').flatMap(firstOf)]),
  );
  return all
    .filter(({ words: [name] }) => name === 'server')
    .map(({ block }) => serverOf(block, groups));
}

type Groups = ReadonlyMap<string, readonly string[]>;

function valuesOf(block: readonly Directive[], wanted: string): readonly (readonly string[])[] {
  return block.filter(({ words: [name] }) => name === wanted).map(({ words }) => words.slice(1));
}

function firstOf([first]: readonly string[]): readonly string[] {
  return first === undefined ? [] : [first];
}

/** The servers behind `proxy_pass http://NAME`, by the group of that name or as it stands. */
function passedTo(block: readonly Directive[], groups: Groups): readonly string[] {
  const [pass = ''] = valuesOf(block, 'proxy_pass').flatMap(firstOf);
  const [, place = ''] = /^http:\/\/([^/$]+)\/?$/.exec(pass) ?? [];
  const servers = groups.get(place) ?? (place === '' ? [] : [place]);
  return servers.map((server) => (/:\d+$/.test(server) ? server : `${server}:80`));
}

function serverOf(block: readonly Directive[], groups: Groups): NginxServer {
  const places = block.filter(({ words: [name] }) => name === 'location');
  const status = places.find(({ block: inner }) => valuesOf(inner, 'stub_status').length > 0);
  const statusPath = status?.words.at(-1);
  const root = places.find(({ words }) => words.length === 2 && words[1] === '/');
  const isTls = valuesOf(block, 'ssl')[0]?.[0] === 'on';
  const listens = valuesOf(block, 'listen').flatMap((words) => listenOf(words, isTls));
  return {
    names: valuesOf(block, 'server_name').flat(),
    listens: listens.length === 0 ? [{ host: '127.0.0.1', port: 80, tls: false }] : listens,
    certificates: valuesOf(block, 'ssl_certificate').flat(),
    ...(statusPath?.startsWith('/') ? { statusPath } : {}),
    upstreams: passedTo(root?.block ?? [], groups),
    isRedirect: valuesOf(block, 'return').some(([code = '']) => /^30[1278]$/.test(code)),
  };
}

/** Takes `80`, `443 ssl`, `127.0.0.1:81` or `[::]:80` apart; sockets of files are left out. */
function listenOf(
  [place = '', ...options]: readonly string[],
  isTls: boolean,
): NginxServer['listens'] {
  const [, host, port] = /^(?:(\[[^\]]*\]|[^:]*):)?(\d+)$/.exec(place) ?? [];
  const bare = port === undefined && !place.startsWith('unix:') ? place : host;
  if (port === undefined && bare === undefined) return [];
  const isEverywhere = bare === undefined || ['', '*', '0.0.0.0', '[::]'].includes(bare);
  return [
    {
      host: isEverywhere ? '127.0.0.1' : bare,
      port: Number(port ?? 80),
      tls: isTls || options.includes('ssl'),
    },
  ];
}
