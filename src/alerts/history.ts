/** Appends an outcome and forgets the oldest ones beyond `size`. */
export function remember(history: string, outcome: 'f' | 's', size: number): string {
  return size === 0 ? '' : (history + outcome).slice(-size);
}

/**
 * Share (0 to 1) of changes between neighbours among the last `size` outcomes. The divisor is that of a
 * full window, so that a short history cannot look like flapping.
 */
export function changeShare(history: string, size: number): number {
  let changes = 0;
  for (let position = 1; position < history.length; position += 1) {
    if (history[position] !== history[position - 1]) changes += 1;
  }
  return size < 2 ? 0 : changes / (size - 1);
}

/** How many of these outcomes are failures. */
export function failuresIn(history: string): number {
  return history.split('f').length - 1;
}
