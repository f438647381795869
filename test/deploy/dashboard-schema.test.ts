import { spawnSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dashboard, type Dashboard, type Panel } from '../support/dashboard.ts';
import { root } from '../support/release.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** Where Grafana's own types of a panel's options are, by the type of the panel. */
const optionsOf: Readonly<Record<string, string>> = {
  bargauge: 'bargauge/panelcfg/x/BarGaugePanelCfg_types.gen',
  'state-timeline': 'statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen',
  stat: 'stat/panelcfg/x/StatPanelCfg_types.gen',
  table: 'table/panelcfg/x/TablePanelCfg_types.gen',
  timeseries: 'timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen',
};

const raw = '@grafana/schema/dist/esm/raw';

/** In JSON the members of an enumeration are plain texts. */
const plain = `type Plain<T> = T extends string ? \`\${T}\`
  : T extends readonly (infer U)[] ? readonly Plain<U>[]
  : T extends object ? { [K in keyof T]: Plain<T[K]> } : T;`;

/** The dashboard as a program, which the compiler accepts if Grafana's types do. */
function programOf({ __inputs, __requires, ...board }: Dashboard): string {
  const types = [...new Set(board.panels.map(({ type }) => type))].filter((type) => type !== 'row');
  const alias = (type: string): string => `Options_${type.replace('-', '_')}`;
  // Nothing is chosen before an import; the types know that as an absent choice only.
  const text = JSON.stringify(board).replaceAll('"current":{},', '');
  return [
    `import type { Dashboard } from '${raw}/dashboard/x/Dashboard_types.gen';`,
    ...types.map(
      (type) =>
        `import type { Options as ${alias(type)} } from '${raw}/composable/${optionsOf[type]}';`,
    ),
    plain,
    `export const dashboard: Plain<Dashboard> = ${text};`,
    ...board.panels
      .filter(({ type }) => type !== 'row')
      .map(({ id, type, options }) => {
        const value = JSON.stringify(options);
        return `export const panel${id}: Plain<${alias(type)}> = ${value};`;
      }),
  ].join('\n');
}

/** What the compiler says about the dashboard, a line each. */
function errorsOf(board: Dashboard): readonly string[] {
  const folder = temporaryFolder();
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'dashboard.mts'), programOf(board));
  const words = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', ''];
  const tsc = join(root, 'node_modules', '.bin', 'tsc');
  const { stdout } = spawnSync(tsc, [...words, 'dashboard.mts'], { cwd: folder, encoding: 'utf8' });
  return stdout.split('\n').filter((line) => line.includes('error TS'));
}

const changed = (change: (panel: Panel) => Panel): Dashboard => ({
  ...dashboard,
  panels: dashboard.panels.map((panel) => (panel.id === 2 ? change(panel) : panel)),
});

test("the dashboard and the options of its panels are what Grafana's types say", () => {
  expect(errorsOf(dashboard)).toEqual([]);
  const { options = {} } = dashboard.panels.find(({ id }) => id === 2) ?? {};
  const wrong = changed((panel) => ({ ...panel, options: { ...options, colorMode: 'rainbow' } }));
  expect(errorsOf(wrong)).toEqual([expect.stringContaining('"rainbow"')]);
  const unknown = changed((panel) => ({ ...panel, descripton: 'a slip of the pen' }));
  expect(errorsOf(unknown)).toEqual([expect.stringContaining('descripton')]);
});
