/** A label set as in Prometheus: names to values, an empty value means absent. */
export type Labels = Readonly<Record<string, string>>;

/** Label names in the order Prometheus prints them. */
export function labelNames(labels: Labels): string[] {
  return Object.keys(labels).toSorted();
}

/** The value of a label, '' for a missing one; names such as `constructor` are names like any other. */
export function labelValue(labels: Labels, name: string): string {
  return Object.hasOwn(labels, name) ? (labels[name] ?? '') : '';
}

/** Drops labels with an empty value, which mean the same as a missing label. */
export function withoutEmpty(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== ''));
}

/** The labels that all sets share with the same value. */
export function commonLabels(sets: readonly Labels[]): Labels {
  const [first, ...rest] = sets;
  if (first === undefined) return {};
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => rest.every((set) => set[name] === value)),
  );
}

/** A label set as Prometheus and Alertmanager write it: `{a="1", b="2"}`. */
export function formatLabels(labels: Labels): string {
  const pairs = labelNames(labels).map((name) => `${name}=${JSON.stringify(labels[name])}`);
  return `{${pairs.join(', ')}}`;
}
