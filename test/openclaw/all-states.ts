import type { State } from './state.ts';
import { statesInside } from './states-inside.ts';
import { statesOfLife } from './states-of-life.ts';
import { statesOfStart } from './states-of-start.ts';

/** All of them, in the order of the table. */
export const allStates: readonly State[] = [...statesOfLife, ...statesOfStart, ...statesInside];
