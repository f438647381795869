import { runMatrix } from './case.ts';
import { nearRows } from './near.ts';
import { networkRows } from './network.ts';

runMatrix({ ...networkRows, ...nearRows });
