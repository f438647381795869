import type { Alert } from '../model/alert.ts';
import type { Labels } from '../model/labels.ts';

/** Whether saving the alert again would change nothing that a message needs. */
export function sameAlert(known: Alert | undefined, alert: Alert): boolean {
  return (
    known !== undefined &&
    known.endsAt === alert.endsAt &&
    known.revision === alert.revision &&
    sameLines(known.evidence, alert.evidence) &&
    known.startsAt === alert.startsAt &&
    known.generatorURL === alert.generatorURL &&
    sameAnnotations(known.annotations, alert.annotations)
  );
}

/** The figures of a check change with every look at it; they alone are not worth saving. */
function sameAnnotations(a: Labels, b: Labels): boolean {
  const names = Object.keys(a).filter((name) => name !== 'values');
  const others = Object.keys(b).filter((name) => name !== 'values');
  return (
    names.length === others.length &&
    names.every((name) => Object.hasOwn(b, name) && a[name] === b[name])
  );
}

function sameLines(a: readonly string[] = [], b: readonly string[] = []): boolean {
  return a.length === b.length && a.every((line, at) => line === b[at]);
}
