import type { Slice, SliceResult } from './load.ts';

/** Has the load tool at this address do one slice. Throws when an answer was not as expected. */
export async function runSlice(load: string, slice: Slice): Promise<SliceResult> {
  const response = await fetch(`${load}/slice`, { method: 'POST', body: JSON.stringify(slice) });
  if (!response.ok) throw new Error(`the load: ${await response.text()}`);
  const result = (await response.json()) as SliceResult;
  if (result.failure !== undefined) throw new Error(result.failure);
  return result;
}
