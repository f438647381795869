const patterns: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z| UTC)?/g, '<date>'],
  [/\^\d{10}\^/g, '^<seconds>^'],
  [/\b[0-9a-f]{16}\b/g, '<fingerprint>'],
  [/127\.0\.0\.1:\d{1,5}/g, '<address>'],
  [/\b\d+(?:\.\d+)?(?:ms|s|m)\b/g, '<time>'],
  // Columns are as wide as what is in them.
  [/(?<=\S) {2,}/g, '  '],
  [/\/tmp\/tocsin-[\w-]+/g, '<directory>'],
];

/** A text with everything in its place that differs from run to run: dates, durations, ports, hashes, widths. */
export function normalised(text: string): string {
  return patterns.reduce((result, [pattern, mark]) => result.replaceAll(pattern, mark), text);
}
