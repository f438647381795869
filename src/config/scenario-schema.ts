import * as v from 'valibot';
import {
  duration,
  flag,
  labels,
  nonEmptyText,
  optionalKey,
  positiveDuration,
  positiveNumber,
} from '../lib/schema-atoms.ts';
import { alertPhases } from '../model/alert.ts';
import { notifyReasons } from '../model/delivery.ts';
import { scenarioLengthMaxMs, scriptedRunsMax } from '../model/limits.ts';
import { failureReasons, statuses } from '../model/result.ts';

/*
 * The format of a file of scenarios; docs/scenarios.md describes it. Keys that hold a configuration or
 * results in short notation are read apart.
 */

const time = v.pipe(duration, v.maxValue(scenarioLengthMaxMs, 'at most a year (366d)'));
const names = v.array(nonEmptyText, 'a list of names of alerts');

const dateMessage = 'a date such as 2025-01-06T08:00:00Z';
const date = v.pipe(
  v.string(dateMessage),
  v.check((text) => /^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(Date.parse(text)), dateMessage),
  v.transform((text) => Date.parse(text)),
);

export const fileSchema = v.strictObject({
  environment: optionalKey(
    'Values of variables that the configuration refers to.',
    v.record(v.string(), v.string('a text'), 'a map of names to texts'),
  ),
  start: optionalKey('The date at which scenarios begin. Default 2025-01-06T00:00:00Z.', date),
});

export const scenarioSchema = v.strictObject(
  {
    name: nonEmptyText,
    start: optionalKey('The date at which it begins.', date),
    for: optionalKey('How long it is played.', positiveDuration),
  },
  'a map with name, results and expect',
);

/** Several results in a row in the long notation. */
export const resultSchema = v.strictObject(
  {
    status: v.picklist(statuses),
    times: optionalKey(
      'How often in a row. Default 1.',
      v.pipe(positiveNumber, v.maxValue(scriptedRunsMax, `at most ${scriptedRunsMax}`)),
    ),
    at: optionalKey('When the first of them is, from the start.', time),
    summary: optionalKey('The sentence of the result.', nonEmptyText),
    reason: optionalKey('Why it was not ok.', v.picklist(failureReasons)),
  },
  'results such as "critical*3", or a map with status',
);

const silence = v.strictObject(
  {
    matchers: v.pipe(
      v.array(nonEmptyText, 'a list of matchers'),
      v.minLength(1, 'at least one matcher'),
    ),
    for: positiveDuration,
    comment: optionalKey('Why. Default: the name of the scenario.', nonEmptyText),
    until_ok: optionalKey('Whether it ends once all it matches is ok.', flag),
  },
  'a map with matchers and for',
);

const post = v.strictObject(
  {
    labels,
    annotations: optionalKey('Annotations of the alert.', labels),
    resolved: optionalKey('Whether it says that the alert has ended.', flag),
  },
  'a map with labels',
);

export const eventSchema = v.strictObject(
  {
    at: time,
    silence: optionalKey('A silence that begins.', silence),
    acknowledge: optionalKey('Name of the alert that somebody takes on.', nonEmptyText),
    by: optionalKey('Who acknowledges. Default: somebody.', nonEmptyText),
    post: optionalKey('An alert that another program posts.', post),
  },
  'a map with at, and one of silence, acknowledge, post and reload',
);

export const expectSchema = v.strictObject(
  {
    notifications: optionalKey(
      'Every message there ought to be; an empty list says none.',
      v.array(
        v.strictObject(
          {
            at: optionalKey('When, from the start.', time),
            receiver: optionalKey('Who is told.', nonEmptyText),
            status: optionalKey('firing or resolved.', v.picklist(['firing', 'resolved'])),
            reason: optionalKey('Why it is sent.', v.picklist(notifyReasons)),
            alerts: optionalKey('All its alerts.', names),
            firing: optionalKey('Those of its alerts that fire.', names),
            resolved: optionalKey('Those of its alerts that have resolved.', names),
            text: optionalKey(
              'What its text holds.',
              v.array(nonEmptyText, 'a list of parts of the text'),
            ),
          },
          'a map such as { at: 2m10s, receiver: team, status: firing, alerts: [gateway] }',
        ),
        'a list of notifications; [] if nobody is to be told',
      ),
    ),
    phases: optionalKey(
      'In which phase alerts are at some time.',
      v.array(
        v.strictObject(
          { at: time, check: nonEmptyText, phase: v.picklist(alertPhases) },
          'a map with at, check and phase',
        ),
        'a list of maps with at, check and phase',
      ),
    ),
  },
  'a map with notifications or phases',
);
