import { existsSync } from 'node:fs';
import type { CheckTypeName } from '../model/check.ts';
import { listOf, mapOf, scalarOf, type MapTree, type Place } from './tree.ts';

/**
 * The configuration of an agent that has none: it watches its own host, with the limits each type has
 * by default. Units are watched only where systemd runs; the check of the agent itself is always there.
 */
export function hostDefault(systemdDirectory = '/run/systemd/system'): MapTree {
  const place: Place = { file: '', path: '' };
  const types: CheckTypeName[] = ['disk', 'memory', 'load', 'clock'];
  if (existsSync(systemdDirectory)) types.push('systemd');
  const checks = types.map((type) => mapOf({ type: scalarOf(type, place) }, place));
  return mapOf({ checks: listOf(checks, place) }, place);
}
