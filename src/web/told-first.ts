import type { AlertView } from '../model/alert-view.ts';

/** What people are told before what is kept back; of each kind what began last before the rest. */
export function toldFirst(views: readonly AlertView[]): AlertView[] {
  const isKeptBack = ({ state }: AlertView): number => (state === 'suppressed' ? 1 : 0);
  return views.toSorted(
    (a, b) => isKeptBack(a) - isKeptBack(b) || b.alert.startsAt - a.alert.startsAt,
  );
}
