/** Reads `/proc/uptime` (proc_uptime(5)): seconds since boot, those asleep included. */
export function parseUptime(text: string): { readonly seconds: number } | undefined {
  const seconds = Number(/^\d+\.\d+/.exec(text)?.[0]);
  return Number.isFinite(seconds) ? { seconds } : undefined;
}
