const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const;

const pattern = /^(\d+(?:\.\d+)?)\s*([kmgtp]?)(i?)b$/i;

/** Reads a size with its unit, decimal (`10GB`) or binary (`10GiB`); undefined if it is none. */
export function parseBytes(text: string): number | undefined {
  const [, amount, prefix, binary] = pattern.exec(text.trim()) ?? [];
  if (amount === undefined || prefix === undefined) return undefined;
  const power = prefix === '' ? 0 : 'kmgtp'.indexOf(prefix.toLowerCase()) + 1;
  return Number(amount) * (binary === '' ? 1000 : 1024) ** power;
}

/** A size for people in decimal units: `1.9 GB`, `50 GB`, `812 B`. */
export function formatBytes(bytes: number): string {
  let amount = bytes;
  let power = 0;
  while (Math.round(amount) >= 1000 && power < units.length - 1) {
    amount /= 1000;
    power += 1;
  }
  const digits = power > 0 && amount < 10 ? 1 : 0;
  return `${amount.toFixed(digits).replace(/\.0$/, '')} ${units[power]}`;
}
