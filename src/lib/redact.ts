import { secretMask, type Secret } from '../model/secret.ts';

/** Shorter values would mask half of every sentence ("on", "1"), and guessing them is no work anyway. */
const lengthMin = 6;

/** Gives a function that replaces every known secret value in a text by `<secret>`. */
export function redactor(secrets: readonly Secret[]): (text: string) => string {
  const values = secrets
    .flatMap((secret) => {
      try {
        const value = secret.reveal();
        return [value, encodeURIComponent(value)];
      } catch {
        return [];
      }
    })
    .filter((value) => value.length >= lengthMin)
    .toSorted((a, b) => b.length - a.length);
  const distinct = [...new Set(values)];
  if (distinct.length === 0) return (text) => text;
  return (text) => distinct.reduce((masked, value) => masked.replaceAll(value, secretMask), text);
}
