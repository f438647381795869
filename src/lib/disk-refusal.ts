/** What a file system says that refuses to be written to for now. */
const codes: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EIO']);

/** Whether an error, or what caused it, says that a disk is full, read-only or broken: waiting may help. */
export function isDiskRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return codes.has((error as NodeJS.ErrnoException).code ?? '') || isDiskRefusal(error.cause);
}
