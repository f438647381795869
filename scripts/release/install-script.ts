/** What a release tells its installer. An empty string says that there is none. */
export interface Baked {
  readonly TOCSIN_VERSION: string;
  readonly TOCSIN_BASE_URL: string;
  readonly TOCSIN_SHA256_LINUX_X64: string;
  readonly TOCSIN_SHA256_LINUX_X64_GZ: string;
  readonly TOCSIN_SHA256_LINUX_ARM64: string;
  readonly TOCSIN_SHA256_LINUX_ARM64_GZ: string;
  readonly TOCSIN_PUBLIC_KEY: string;
}

const begin = '# release: begin\n';
const end = '# release: end\n';

/**
 * Writes the values between the two marks of `install.sh`.
 *
 * @throws Error if the marks are missing, if what stands between them is not one assignment for each value,
 *   or if a value cannot stand between single quotes
 */
export function bake(script: string, values: Baked): string {
  const from = script.indexOf(begin);
  const to = script.indexOf(end);
  if (from === -1 || to < from) throw new Error('install.sh lacks "# release: begin" and its end');
  const names = Object.keys(values);
  const block = script.slice(from + begin.length, to).split('\n');
  const found = block.filter((line) => line !== '' && !line.startsWith('#'));
  const wanted = names.map((name) => `${name}=''`);
  const differing = [
    ...wanted.filter((line) => !found.includes(line)),
    ...found.filter((line) => !wanted.includes(line)),
  ];
  if (differing.length > 0) {
    throw new Error(`install.sh and the release differ in ${differing.join(', ')}`);
  }
  const lines = Object.entries(values).map(([name, value]: [string, string]) => {
    if (value.includes("'")) throw new Error(`${name} holds a quote: ${value}`);
    return `${name}='${value}'\n`;
  });
  return script.slice(0, from + begin.length) + lines.join('') + script.slice(to);
}
