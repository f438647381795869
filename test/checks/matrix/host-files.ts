import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostPlaces } from '../../../src/checks/host/places.ts';
import { hostWith } from '../../support/host-check.ts';

/** What a program prints that never ends, but for its first words. */
export const sleeper = '#!/bin/sh\nexec /bin/sleep 60\n';

/** A host made of files that everybody may enter. */
export async function openHost(files: Readonly<Record<string, string>>): Promise<HostPlaces> {
  const places = await hostWith(files);
  await chmod(join(places.proc, '..'), 0o755);
  return places;
}

/** The same where only the owner may read one of them. */
export async function lockedHost(
  files: Readonly<Record<string, string>>,
  locked: string,
): Promise<HostPlaces> {
  const places = await openHost(files);
  await chmod(join(places.proc, '..', locked), 0);
  return places;
}
