const headerBytes = 12;

/** Behind the name of a question: type and class. */
const questionBytes = 4;

/** Behind the owner of a record: type, class, time to live and the length of the data. */
const recordBytes = 10;

/** Where the name that starts at `at` ends; a pointer is the end of one. Undefined beyond the message. */
function nameEnd(packet: Buffer, at: number): number | undefined {
  for (let next = at; next < packet.length;) {
    const length = packet.readUInt8(next);
    if (length === 0) return next + 1;
    if (length >= 0xc0) return next + 2;
    next += 1 + length;
  }
  return undefined;
}

/**
 * Where the last record of a message ends (RFC 1035, 4.1), by the counts in its head and the lengths of its
 * records; undefined if that is beyond the message. The library reads on where a record is cut off, and
 * gives parts of an address as if they were whole.
 */
export function messageEnd(packet: Buffer): number | undefined {
  if (packet.length < headerBytes) return undefined;
  let at = headerBytes;
  const questions = packet.readUInt16BE(4);
  const records = [6, 8, 10].reduce((sum, place) => sum + packet.readUInt16BE(place), 0);
  for (let seen = 0; seen < questions + records; seen += 1) {
    const end = nameEnd(packet, at);
    if (end === undefined) return undefined;
    at = end + (seen < questions ? questionBytes : recordBytes);
    if (at > packet.length) return undefined;
    if (seen >= questions) at += packet.readUInt16BE(at - 2);
  }
  return at > packet.length ? undefined : at;
}
