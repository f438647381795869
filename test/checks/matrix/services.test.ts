import { afterAll } from 'vitest';
import { runMatrix } from './case.ts';
import { databaseRows, endServices } from './databases.ts';
import { instanceRows } from './instances.ts';
import { proxyRows } from './proxies.ts';
import { serviceRows } from './services.ts';

afterAll(endServices);
runMatrix({ ...instanceRows, ...databaseRows, ...proxyRows, ...serviceRows });
