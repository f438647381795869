/** What whoever started the suite wants, handed on by `run.ts` in one variable. */
export interface Wishes {
  /** Names of states; empty: all, or those of the quick selection. */
  readonly states: readonly string[];
  readonly isQuick: boolean;
  /** Write `docs/openclaw-states.md`. */
  readonly isWriting: boolean;
  /** Write `test/fixtures/openclaw`. */
  readonly isRecording: boolean;
}

export const wishesVariable = 'TOCSIN_OPENCLAW_WISHES';

export const wishes: Wishes = JSON.parse(
  process.env[wishesVariable] ??
    '{"states":[],"isQuick":true,"isWriting":false,"isRecording":false}',
) as Wishes;
