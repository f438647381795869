/** A check that would suit this host. */
export interface Proposal {
  /** As it is written in the configuration. */
  readonly check: { readonly type: string; readonly name: string } & Readonly<
    Record<string, unknown>
  >;
  /** What was found that speaks for it, as a sentence. */
  readonly because: string;
}
