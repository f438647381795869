/**
 * Watches how long one turn of the event loop takes, in milliseconds of processor time: what other programs
 * do on this machine does not count. Gives the way to stop and learn the longest.
 */
export function watchTurns(): () => number {
  let longestMs = 0;
  let before = process.threadCpuUsage();
  const look = (): void => {
    const { user, system } = process.threadCpuUsage(before);
    longestMs = Math.max(longestMs, (user + system) / 1000);
    before = process.threadCpuUsage();
  };
  const timer = setInterval(look, 5);
  return () => {
    clearInterval(timer);
    look();
    return longestMs;
  };
}
