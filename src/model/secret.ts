export const secretMask = '<secret>';

/**
 * A value that cannot be printed by accident: string conversion, JSON, and Node's inspection all give
 * `<secret>`. Only `reveal()` gives the value, at the moment it is used.
 */
export class Secret {
  readonly #read: () => string;
  /** How the configuration named it (`${ENV_NAME}`, `${file:/path}`), safe to show. */
  readonly reference: string;

  constructor(read: () => string, reference: string = secretMask) {
    this.#read = read;
    this.reference = reference;
  }

  static of(value: string): Secret {
    return new Secret(() => value);
  }

  /** The value. Throws if it comes from a file that can no longer be read. */
  reveal(): string {
    return this.#read();
  }

  toString(): string {
    return secretMask;
  }

  toJSON(): string {
    return secretMask;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return secretMask;
  }
}
