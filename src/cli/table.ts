import { ack } from './ack.ts';
import { alerts } from './alerts.ts';
import { check } from './check.ts';
import type { Command } from './command.ts';
import { completionsOf } from './completions.ts';
import { doctor } from './doctor.ts';
import { grants } from './grants.ts';
import { healthcheck } from './healthcheck.ts';
import { importAlertmanagerFile } from './import-alertmanager.ts';
import { importBlackboxFile } from './import-blackbox.ts';
import { init } from './init.ts';
import { notifyTest } from './notify-test.ts';
import { reload } from './reload.ts';
import { replay } from './replay.ts';
import { routesShow } from './routes-show.ts';
import { routesTest } from './routes-test.ts';
import { run } from './run.ts';
import { schema } from './schema.ts';
import { silenceAdd } from './silence-add.ts';
import { silenceExpire, silenceList } from './silence.ts';
import { status } from './status.ts';
import { test } from './test.ts';
import { validate } from './validate.ts';
import { version } from './version.ts';
import { watchdog } from './watchdog.ts';
import { why } from './why.ts';

/** Every command, in the order of the help. */
export const commands: readonly Command[] = [
  run,
  init,
  check,
  validate,
  reload,
  status,
  healthcheck,
  doctor,
  grants,
  why,
  alerts,
  ack,
  silenceAdd,
  silenceList,
  silenceExpire,
  notifyTest,
  routesShow,
  routesTest,
  test,
  replay,
  watchdog,
  importBlackboxFile,
  importAlertmanagerFile,
  schema,
  completionsOf(() => commands),
  version,
];
