import { runMatrix } from './case.ts';
import { fileRows } from './files.ts';
import { programRows } from './programs.ts';

runMatrix({ ...fileRows, ...programRows });
