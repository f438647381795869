import type { Dice } from '../../../support/random-case.ts';
import { present } from '../../../support/random-case.ts';

const weekdays = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const locations = [
  'UTC',
  'Local',
  'America/Los_Angeles',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Europe/Berlin',
  'Pacific/Kiritimati',
  'Pacific/Pago_Pago',
] as const;

/** A set of times that has about an even chance to hold the present. */
export function randomRule(dice: Dice): object {
  const ordered = (least: number, most: number): readonly [number, number] => {
    const [a, b] = [dice.between(least, most), dice.between(least, most)];
    return a < b ? [a, b] : [b, a];
  };
  const clock = (hour: number): string =>
    `${String(hour).padStart(2, '0')}:${dice.pick(['00', '30'])}`;
  const time = (): object => {
    const [from, to] = ordered(0, 23);
    const end = dice.chance(0.3) ? '24:00' : `${String(to + 1).padStart(2, '0')}:00`;
    return { start_time: clock(from), end_time: end };
  };
  const weekday = (): string => {
    const [from, to] = ordered(0, 6);
    return dice.chance(0.3) ? `${weekdays[from]}` : `${weekdays[from]}:${weekdays[to]}`;
  };
  const day = (): string => {
    const [from, to] = ordered(1, 31);
    return dice.pick([
      `${from}`,
      `${-from}`,
      `${from}:${to}`,
      `${-to}:${-from}`,
      `${Math.min(from, 27)}:-1`,
    ]);
  };
  const numbers = (least: number, most: number) => (): string => ordered(least, most).join(':');
  const thisYear = new Date().getFullYear();
  return present({
    times: dice.maybe(0.5, () => dice.several(1, 3, time)),
    weekdays: dice.maybe(0.4, () => dice.several(1, 3, weekday)),
    days_of_month: dice.maybe(0.4, () => dice.several(1, 3, day)),
    months: dice.maybe(0.3, () => dice.several(1, 2, numbers(1, 12))),
    years: dice.maybe(0.2, () => dice.several(1, 2, numbers(thisYear - 2, thisYear + 2))),
    location: dice.maybe(0.6, () => dice.pick(locations)),
  });
}
