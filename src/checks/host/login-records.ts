/** When a host went down in order or came up, in seconds of Unix time. */
export interface LoginRecord {
  readonly kind: 'boot' | 'shutdown';
  readonly seconds: number;
}

/** Lengths of one record of wtmp(5): of most machines, and of those that keep times in 64 bits. */
const lengths = [384, 400] as const;

/** `RUN_LVL` and `BOOT_TIME` of utmp(5). */
const runLevel = 1;
const bootTime = 2;

/** Reads the end of a wtmp file: the records of boots and orderly shutdowns, oldest first. */
export function parseLoginRecords(bytes: Buffer): readonly LoginRecord[] {
  const readings = lengths.map((length) => readRecords(bytes, length));
  const [first = [], second = []] = readings;
  return first.length >= second.length ? first : second;
}

function readRecords(bytes: Buffer, length: number): readonly LoginRecord[] {
  if (bytes.length % length !== 0) return [];
  const records: LoginRecord[] = [];
  for (let at = 0; at < bytes.length; at += length) {
    const type = bytes.readInt16LE(at);
    const user = bytes.toString('latin1', at + 44, at + 76).replace(/\0.*$/s, '');
    const seconds = length === 384 ? bytes.readInt32LE(at + 340) : bytes.readInt32LE(at + 344);
    if (type === bootTime && user === 'reboot') records.push({ kind: 'boot', seconds });
    if (type === runLevel && user === 'shutdown') records.push({ kind: 'shutdown', seconds });
  }
  return records;
}

/**
 * Whether the boot at `bootSeconds` followed an orderly shutdown; undefined where the records do not tell
 * of that boot, as on systems that have given up wtmp.
 */
export function wasShutDown(
  records: readonly LoginRecord[],
  bootSeconds: number,
): boolean | undefined {
  const at = records.findLastIndex(
    ({ kind, seconds }) => kind === 'boot' && Math.abs(seconds - bootSeconds) < toleranceSeconds,
  );
  const before = at > 0 ? records[at - 1] : undefined;
  return before === undefined ? undefined : before.kind === 'shutdown';
}

/** The clock may have been set between the record and now. */
const toleranceSeconds = 600;
