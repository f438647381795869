/** What Prometheus does not say of its timeout is taken to be this. */
const secondsDefault = 120;

const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/**
 * The seconds that a probe may take: what the scrape leaves after the offset, or less if the module says
 * so. `header` is `X-Prometheus-Scrape-Timeout-Seconds`; undefined if it is no number. Follows the
 * arithmetic of blackbox_exporter: a scrape that leaves less than nothing has the timeout of the module,
 * even if that is 0.
 */
export function probeTimeoutSeconds(
  header: string | undefined,
  moduleSeconds: number,
  offsetSeconds: number,
): number | undefined {
  const given = header === undefined || header === '' ? 0 : Number(header);
  if (header !== undefined && header !== '' && !number.test(header)) return undefined;
  const most = (given === 0 ? secondsDefault : given) - offsetSeconds;
  const isModuleShorter = moduleSeconds > 0 && moduleSeconds < most;
  return isModuleShorter || most < 0 ? moduleSeconds : most;
}
