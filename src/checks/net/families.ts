import type { MetricFamily, Phase } from '../../model/result.ts';

const noLabels = {};

/** A family of one gauge without labels. */
export function gauge(name: string, help: string, value: number): MetricFamily {
  return { name, help, samples: [{ labels: noLabels, value }] };
}

export function flagGauge(name: string, help: string, raised: boolean): MetricFamily {
  return gauge(name, help, raised ? 1 : 0);
}

/** A family that says what it has to say in its labels; the value is 1. */
export function info(
  name: string,
  help: string,
  labels: Readonly<Record<string, string>>,
): MetricFamily {
  return { name, help, samples: [{ labels, value: 1 }] };
}

/** The family of a probe's phases, in seconds. */
export function phaseFamily(name: string, help: string, phases: readonly Phase[]): MetricFamily {
  return {
    name,
    help,
    samples: phases.map((phase) => ({ labels: { phase: phase.name }, value: phase.ms / 1000 })),
  };
}
