import type { ProbeContext, ProbeOutcome } from '../../src/checks/net/probe.ts';
import { systemClock } from '../../src/lib/clock.ts';
import type { Labels } from '../../src/model/labels.ts';

interface TestContext extends ProbeContext, Disposable {
  readonly lines: readonly string[];
}

/** The context of a probe on the machine's clock, with a real deadline. */
export function probeContext(timeoutMs = 5000): TestContext {
  const clock = systemClock();
  const controller = new AbortController();
  const cancel = clock.after(timeoutMs, () => controller.abort(new Error('deadline')));
  const lines: string[] = [];
  return {
    clock,
    signal: controller.signal,
    timeoutMs,
    lines,
    log: (line) => void lines.push(line),
    [Symbol.dispose]: cancel,
  };
}

/** The value of one sample; undefined if the family or the sample is not there. */
export function metric(
  outcome: ProbeOutcome,
  name: string,
  labels: Labels = {},
): number | undefined {
  const family = outcome.families.find((candidate) => candidate.name === name);
  const sample = family?.samples.find((candidate) =>
    Object.entries(labels).every(([label, value]) => candidate.labels[label] === value),
  );
  return sample?.value;
}

/** The labels of the only sample of a family. */
export function labelsOf(outcome: ProbeOutcome, name: string): Labels | undefined {
  return outcome.families.find((family) => family.name === name)?.samples[0]?.labels;
}

/** Families that blackbox_exporter does not have. */
const beyond =
  /^probe_(?:failure_reason|certificate_\w+|resolved_address_info|http_json_value|icmp_(?:packet|jitter|rtt)\w*)$/;

/** The families that blackbox_exporter has as well, by name. */
export function familyNames(outcome: ProbeOutcome): string[] {
  return outcome.families
    .map((family) => family.name)
    .filter((name) => !beyond.test(name))
    .toSorted();
}

/** The values of the label `phase` of a family, in order. */
export function phasesIn(outcome: ProbeOutcome, name: string): (string | undefined)[] {
  const family = outcome.families.find((candidate) => candidate.name === name);
  return (family?.samples ?? []).map((sample) => sample.labels.phase);
}
