import { alertPhases, type AlertPhase } from '../model/alert.ts';
import type { CheckSpec } from '../model/check.ts';
import { labelNames, type Labels } from '../model/labels.ts';
import { statuses, type Status } from '../model/result.ts';
import { labelText } from './exposition.ts';

/** The label texts of one check that stay the same as long as its configuration does. */
export interface CheckLabels {
  /** `check` and `type`. */
  readonly identity: string;
  readonly status: Readonly<Record<Status, string>>;
  readonly alertState: Readonly<Record<AlertPhase, string>>;
  /** What tells the measurements of this check apart: `check`, `type`, `target` and its own labels. */
  readonly probe: string;
  /** The same with the labels of one sample, which win over those of the check. */
  probeWith(sample: Labels): string;
}

/** Writing label texts is most of the work of a scrape, so each configured check does it once. */
const known = new WeakMap<CheckSpec, CheckLabels>();

export function checkLabels(spec: CheckSpec): CheckLabels {
  const before = known.get(spec);
  if (before !== undefined) return before;
  const labels = create(spec);
  known.set(spec, labels);
  return labels;
}

function create(spec: CheckSpec): CheckLabels {
  const identity = { check: spec.name, type: spec.type };
  const probe = probeLabels(spec);
  const probeText = labelText(probe);
  return {
    identity: labelText(identity),
    status: textPer(statuses, (status) => ({ ...identity, status })),
    alertState: textPer(alertPhases, (state) => ({ check: spec.name, state })),
    probe: probeText,
    probeWith: (sample) =>
      Object.keys(sample).length === 0 ? probeText : labelText({ ...probe, ...sample }),
  };
}

function textPer<Key extends string>(
  keys: readonly Key[],
  labels: (key: Key) => Labels,
): Record<Key, string> {
  const entries = keys.map((key) => [key, labelText(labels(key))]);
  return Object.fromEntries(entries) as Record<Key, string>;
}

/**
 * A label of the check's own that is called `check`, `type` or `target` is kept under `exported_`, as
 * Prometheus does with a clash at scraping.
 */
function probeLabels(spec: CheckSpec): Labels {
  const identity = { check: spec.name, type: spec.type, target: spec.target ?? '' };
  const own = labelNames(spec.labels).map((name) => [
    name in identity ? `exported_${name}` : name,
    spec.labels[name] ?? '',
  ]);
  return { ...Object.fromEntries(own), ...identity };
}
