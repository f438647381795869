/** A file to be packed; the path has no leading slash. */
export interface PackedFile {
  readonly path: string;
  readonly content: Buffer | string;
  /** 0o755 or 0o644, which is what a file has when nothing is said. */
  readonly mode?: number;
}

const blockSize = 512;

/**
 * A tar archive (POSIX ustar) whose bytes follow from the files alone: sorted, owned by root, one time, each
 * folder with mode 0755 before what is in it.
 *
 * @param prefix stands before each path, such as `tocsin-1.0.0/` or `./`
 * @param timeS of every entry, in seconds since 1970
 * @throws Error if a path is longer than the 100 bytes that every tar reads
 */
export function tar(
  files: readonly PackedFile[],
  { prefix, timeS }: { readonly prefix: string; readonly timeS: number },
): Buffer {
  const folders = new Set(files.flatMap(({ path }) => foldersAbove(`${prefix}${path}`)));
  const entries = [
    ...[...folders].map((path) => ({ path, content: Buffer.alloc(0), mode: 0o755 })),
    ...files.map(({ path, content, mode = 0o644 }) => ({
      path: `${prefix}${path}`,
      content: Buffer.from(content),
      mode,
    })),
  ].sort((a, b) => (a.path < b.path ? -1 : 1));
  const blocks = entries.flatMap(({ path, content, mode }) => [
    header(path, content.length, mode, timeS),
    content,
    Buffer.alloc((blockSize - (content.length % blockSize)) % blockSize),
  ]);
  return Buffer.concat([...blocks, Buffer.alloc(2 * blockSize)]);
}

function foldersAbove(path: string): readonly string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => `${parts.slice(0, index + 1).join('/')}/`);
}

function header(path: string, size: number, mode: number, timeS: number): Buffer {
  if (Buffer.byteLength(path) > 100) throw new Error(`${path} is too long for a tar archive`);
  const block = Buffer.alloc(blockSize);
  const octal = (value: number, width: number): string =>
    `${value.toString(8).padStart(width - 1, '0')}\0`;
  block.write(path, 0);
  block.write(octal(mode, 8), 100);
  block.write(octal(0, 8), 108);
  block.write(octal(0, 8), 116);
  block.write(octal(size, 12), 124);
  block.write(octal(timeS, 12), 136);
  block.write(' '.repeat(8), 148);
  block.write(path.endsWith('/') ? '5' : '0', 156);
  block.write('ustar\x0000', 257);
  block.write('root', 265);
  block.write('root', 297);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return block;
}
