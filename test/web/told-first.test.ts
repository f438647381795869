import { expect, test } from 'vitest';
import type { AlertView } from '../../src/model/alert-view.ts';
import { toldFirst } from '../../src/web/told-first.ts';
import { at, firing } from '../support/routes.ts';

function view(name: string, seconds: number, state: AlertView['state']): AlertView {
  return {
    alert: { ...firing({ alertname: name }), startsAt: at(seconds).wallMs },
    state,
    silencedBy: [],
    inhibitedBy: [],
    mutedBy: [],
    receivers: [],
    updatedAt: at(seconds).wallMs,
  };
}

test('what people are told comes before what is kept back, the newest first', () => {
  const views = [
    view('kept back now', 9, 'suppressed'),
    view('old', 1, 'active'),
    view('new', 5, 'unprocessed'),
    view('kept back', 3, 'suppressed'),
  ];
  expect(toldFirst(views).map(({ alert }) => alert.labels['alertname'])).toEqual([
    'new',
    'old',
    'kept back now',
    'kept back',
  ]);
});
