/** An IPv6 address as people write it, out of its eight groups of hexadecimal digits. */
export function shortIPv6(groups: readonly string[]): string {
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
}
