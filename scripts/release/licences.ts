import type { BundledPackage } from './bundled.ts';

const rule = '='.repeat(78);

/** The licences of everything in the executable that is not tocsin's own, each under what it is for. */
export function thirdPartyLicences(
  node: { readonly version: string; readonly licence: string },
  packages: readonly BundledPackage[],
): string {
  const parts = packages.map(({ name, version, licence, licenceText }) => [
    `${name} ${version} (${licence})`,
    licenceText,
  ]);
  return [
    'The executable of tocsin holds Node.js, and parts of the packages below. tocsin itself is\nunder the licence in the file LICENSE.',
    ...[[`Node.js ${node.version}`, node.licence.trim()], ...parts].map(
      ([what, text]) => `${rule}\n${what}\n${rule}\n\n${text}`,
    ),
  ]
    .join('\n\n')
    .replaceAll('\r\n', '\n')
    .concat('\n');
}
