import type { CheckSpec, CheckTypeName } from '../model/check.ts';

/** A right beyond the sandbox of the unit: the drop-in of that name in deploy/systemd/grants. */
export type GrantName =
  | 'docker'
  | 'journal'
  | 'kernel-log'
  | 'listeners'
  | 'other-users'
  | 'ping'
  | 'processes';

/** Rights that reach far beyond the one thing to look at: nobody should be given them without being asked. */
export const powerfulGrants: ReadonlySet<GrantName> = new Set([
  'docker',
  'kernel-log',
  'listeners',
  'other-users',
]);

type Needs = (options: Readonly<Record<string, unknown>>) => readonly GrantName[];

const needs: Partial<Record<CheckTypeName, Needs>> = {
  command: ({ user }) => (user === undefined ? [] : ['other-users']),
  docker: () => ['docker'],
  icmp: () => ['ping'],
  log: ({ unit }) => (unit === undefined ? [] : ['journal']),
  oom: () => ['kernel-log'],
  openclaw: () => ['processes', 'listeners'],
  port: ({ process }) => (process === undefined ? [] : ['listeners']),
  process: () => ['processes'],
  systemd: () => ['journal'],
};

/** What a check needs that the unit alone does not give, so that it sees all it could. */
export function grantsOf({
  type,
  options,
}: Pick<CheckSpec, 'type' | 'options'>): readonly GrantName[] {
  return needs[type]?.(options as Readonly<Record<string, unknown>>) ?? [];
}
