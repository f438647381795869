/** The address by which people reach the page through something in front of the agent. */
export interface ExternalAddress {
  /** Such as `https://example.com`. */
  readonly origin: string;
  /** Such as `/tocsin`; empty without one. */
  readonly prefix: string;
}

export function externalAddress(url: string | undefined): ExternalAddress | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { origin, pathname } = new URL(url);
  return { origin, prefix: pathname.replace(/\/+$/, '') };
}

/** The path without the prefix, for whatever in front of the agent leaves it in. */
export function withoutPrefix(path: string, external: ExternalAddress | undefined): string {
  const prefix = external?.prefix ?? '';
  return prefix !== '' && path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path;
}
