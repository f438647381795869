import type { Alert } from '../model/alert.ts';
import type { Group, SavedGroup, Telling } from './group.ts';

/*
 * Groups as rows: one for the group and one for each of its alerts, so that a change to one of ten thousand
 * rewrites one row. A row of an older version holds a whole group.
 */

/** A group without its alerts. */
type Head = SavedGroup & { readonly alerts: readonly []; readonly departed: readonly [] };

/** One alert of a group. */
export interface SavedMember {
  readonly group: string;
  readonly alert: Alert;
  readonly departed?: true;
  readonly telling?: Telling;
}

export type SavedRow = readonly [key: string, row: Head | SavedMember];

/** The key of the row of one alert; fingerprints hold no line breaks, and group ids only one. */
export function memberKey(groupId: string, fingerprint: string): string {
  return `${groupId}\n${fingerprint}`;
}

type HeadOf = Pick<Group, 'id' | 'key' | 'receiver' | 'labels' | 'nextFlushAt' | 'stepAfterMs'>;

export function headRow(group: HeadOf): SavedRow {
  const { id, key, receiver, labels, nextFlushAt, stepAfterMs } = group;
  const step = stepAfterMs === undefined ? {} : { stepAfterMs };
  return [id, { id, key, receiver, labels, nextFlushAt, ...step, alerts: [], departed: [] }];
}

export function memberRow(
  group: Pick<Group, 'id' | 'departed' | 'tellings'>,
  alert: Alert,
): SavedRow {
  const { fingerprint } = alert;
  const telling = group.tellings.get(fingerprint);
  return [
    memberKey(group.id, fingerprint),
    {
      group: group.id,
      alert,
      ...(group.departed.has(fingerprint) ? { departed: true } : {}),
      ...(telling === undefined ? {} : { telling }),
    },
  ];
}

/** Every row of these groups. */
export function rowsOf(groups: Iterable<Group>): SavedRow[] {
  return [...groups].flatMap((group) => [
    headRow(group),
    ...[...group.alerts.values()].map((alert) => memberRow(group, alert)),
  ]);
}

/** The groups that these rows make up; an alert whose group is not there is left out. */
export function groupsFromRows(rows: readonly unknown[]): SavedGroup[] {
  const members = new Map<string, SavedMember[]>();
  const heads: SavedGroup[] = [];
  for (const row of rows as readonly (SavedGroup | SavedMember)[]) {
    if (!('group' in row)) heads.push(row);
    else if (members.has(row.group)) members.get(row.group)?.push(row);
    else members.set(row.group, [row]);
  }
  return heads.map((head) => {
    const own = members.get(head.id) ?? [];
    const tellings = own.flatMap(({ alert, telling }) =>
      telling === undefined ? [] : [[alert.fingerprint, telling] as const],
    );
    return {
      ...head,
      alerts: [...head.alerts, ...own.map(({ alert }) => alert)],
      departed: [
        ...head.departed,
        ...own.flatMap(({ departed, alert }) => (departed ? [alert.fingerprint] : [])),
      ],
      ...(tellings.length === 0 ? {} : { tellings }),
      ...(head.alerts.length === 0 ? {} : { isWhole: true }),
    };
  });
}

/** The keys of rows that differ between what was saved and the groups as they are now. */
export function movedRows(
  saved: readonly SavedGroup[],
  groups: ReadonlyMap<string, Group>,
): Set<string> {
  const moved = new Set<string>();
  const former = new Map(saved.map((group) => [group.id, group]));
  for (const old of saved) {
    const group = groups.get(old.id);
    if (group === undefined) moved.add(old.id);
    for (const { fingerprint } of old.alerts) {
      if (!group?.alerts.has(fingerprint)) moved.add(memberKey(old.id, fingerprint));
    }
  }
  for (const group of groups.values()) {
    const old = former.get(group.id);
    const isWhole = old === undefined || old.isWhole === true;
    if (isWhole || old.nextFlushAt !== group.nextFlushAt) moved.add(group.id);
    const alerts = new Map(old?.alerts.map((alert) => [alert.fingerprint, alert]));
    const departed = new Set(old?.departed);
    const told = new Set(old?.tellings?.map(([fingerprint]) => fingerprint));
    for (const [fingerprint, alert] of group.alerts) {
      const isSame =
        alerts.get(fingerprint) === alert &&
        departed.has(fingerprint) === group.departed.has(fingerprint) &&
        told.has(fingerprint) === group.tellings.has(fingerprint);
      if (isWhole || !isSame) moved.add(memberKey(group.id, fingerprint));
    }
  }
  return moved;
}
