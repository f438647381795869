import { runMatrix } from './case.ts';
import { hostRows } from './host.ts';
import { kernelRows } from './kernel.ts';

runMatrix({ ...kernelRows, ...hostRows });
