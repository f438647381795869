/*
 * What `strip` does, in a few lines, and with the same bytes on every machine: no binutils, and none for
 * another processor either. The layout is that of elf(5).
 */

const headerSize = 64;
const sectionHeaderSize = 64;
const alloc = 2n;
const noBits = 8;

/**
 * Leaves out what a running program never reads: symbols, debugging tables, comments. Whatever is mapped
 * into memory stays where it is, and so do the section headers that describe it.
 *
 * @param file a 64-bit little-endian ELF executable
 * @throws Error if it is something else, or if sections that are loaded stand behind others, since symbols
 *   name sections by their number
 */
export function stripElf(file: Buffer): Buffer {
  if (file.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') {
    throw new Error('not a 64-bit little-endian ELF file');
  }
  const offset = Number(file.readBigUInt64LE(0x28));
  const count = file.readUInt16LE(0x3c);
  const header = (index: number): Buffer =>
    file.subarray(offset + index * sectionHeaderSize, offset + (index + 1) * sectionHeaderSize);
  const headers = Array.from({ length: count }, (_, index) => header(index));
  const isLoaded = (section: Buffer): boolean => (section.readBigUInt64LE(8) & alloc) !== 0n;
  const kept = 1 + headers.findLastIndex(isLoaded);
  if (!headers.slice(1, kept).every(isLoaded)) {
    throw new Error('sections that are not loaded stand among those that are');
  }
  const end = Math.max(headerSize, ...headers.slice(0, kept).map(endInFile), lastSegment(file));
  const names = headers[file.readUInt16LE(0x3e)];
  if (names === undefined) throw new Error('its sections have no names');
  return withSections(file, end, headers.slice(0, kept), names);
}

function endInFile(section: Buffer): number {
  if (section.readUInt32LE(4) === noBits) return 0;
  return Number(section.readBigUInt64LE(24) + section.readBigUInt64LE(32));
}

/** Where the last segment ends: sections describe the file, segments are what is loaded. */
function lastSegment(file: Buffer): number {
  const offset = Number(file.readBigUInt64LE(0x20));
  const size = file.readUInt16LE(0x36);
  return Math.max(
    ...Array.from({ length: file.readUInt16LE(0x38) }, (_, index) => {
      const segment = offset + index * size;
      return Number(file.readBigUInt64LE(segment + 8) + file.readBigUInt64LE(segment + 32));
    }),
  );
}

/** The file up to `end`, then the names of the sections, then their headers. */
function withSections(
  file: Buffer,
  end: number,
  headers: readonly Buffer[],
  namesHeader: Buffer,
): Buffer {
  const nameOf = (section: Buffer): string => {
    const from = Number(namesHeader.readBigUInt64LE(24)) + section.readUInt32LE(0);
    return file.toString('latin1', from, file.indexOf(0, from));
  };
  const all = [...headers, namesHeader];
  let table = '';
  const written = all.map((section) => {
    const copy = Buffer.from(section);
    copy.writeUInt32LE(table.length, 0);
    table += `${nameOf(section)}\0`;
    return copy;
  });
  const names = Buffer.alloc(Math.ceil(table.length / 8) * 8);
  names.write(table, 'latin1');
  const namesAt = Math.ceil(end / 8) * 8;
  const last = written.at(-1);
  last?.writeBigUInt64LE(BigInt(namesAt), 24);
  last?.writeBigUInt64LE(BigInt(table.length), 32);
  const start = Buffer.alloc(namesAt);
  file.copy(start, 0, 0, end);
  start.writeBigUInt64LE(BigInt(namesAt + names.length), 0x28);
  start.writeUInt16LE(all.length, 0x3c);
  start.writeUInt16LE(all.length - 1, 0x3e);
  return Buffer.concat([start, names, ...written]);
}
