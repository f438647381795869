import { existsSync } from 'node:fs';
import { alertmanagerProgram } from '../../../support/alertmanager.ts';
import type { PeerProgram } from '../../../support/peer-program.ts';

export { runAlertmanager as startAlertmanager } from '../../../support/alertmanager.ts';

/** Whether there is one to compare with. */
export const hasAlertmanager = existsSync(alertmanagerProgram);

/** Something that speaks the API of Alertmanager; disposing of it ends it. */
export type ApiServer = PeerProgram;
