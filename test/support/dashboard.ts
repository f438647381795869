import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './release.ts';

export interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly instant?: boolean;
  readonly datasource: { readonly type: string; readonly uid: string };
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  /** Absent in a row, as are options and queries. */
  readonly fieldConfig?: {
    readonly defaults: { readonly unit?: string; readonly color: { readonly mode: string } };
    readonly overrides: readonly {
      readonly properties: readonly { readonly id: string; readonly value: unknown }[];
    }[];
  };
  readonly options?: object;
  readonly datasource?: Target['datasource'];
  readonly targets?: readonly Target[];
}

export interface Variable {
  readonly name: string;
  readonly type: string;
  readonly query: string | { readonly query: string };
  readonly includeAll?: boolean;
  readonly allValue?: string;
}

export interface Dashboard {
  readonly id: null;
  readonly uid: string;
  readonly schemaVersion: number;
  readonly __inputs: readonly unknown[];
  readonly __requires: readonly { readonly type: string; readonly id: string }[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly panels: readonly Panel[];
}

export const dashboard = JSON.parse(
  readFileSync(join(root, 'deploy', 'grafana', 'tocsin.json'), 'utf8'),
) as Dashboard;

/** Every query, with the panel that makes it. */
export const queries = dashboard.panels.flatMap((panel) =>
  (panel.targets ?? []).map((target) => ({ panel, target })),
);

/** The expression as Grafana sends it; throws for a variable that has no value. */
export function interpolate(expression: string, values: Readonly<Record<string, string>>): string {
  return expression.replaceAll(/\$(\w+)/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`$${name} has no value in ${expression}`);
    return value;
  });
}

/** What a choice of several values becomes in a matcher of Prometheus. */
export function choiceOf(values: readonly string[]): string {
  const escaped = values.map((value) => value.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\\\$&'));
  return escaped.length === 1 ? (escaped[0] ?? '') : `(${escaped.join('|')})`;
}
