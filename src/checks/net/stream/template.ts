/**
 * Fills `$1`, `${1}`, `$name` and `${name}` with the groups of a match; `$$` is a dollar. A name reaches as
 * far as letters, digits and `_` do, so `$1x` is a group called `1x`. An unknown group is empty.
 */
export function expandTemplate(template: string, match: RegExpExecArray): string {
  return template.replaceAll(
    /\$(?:\$|\{(\w+)\}|(\w+))/g,
    (reference, braced: string | undefined, bare: string | undefined) => {
      if (reference === '$$') return '$';
      const name = braced ?? bare ?? '';
      if (/^\d+$/.test(name)) return match[Number(name)] ?? '';
      return match.groups?.[name] ?? '';
    },
  );
}
