/** Why the agent could not start, as a sentence for the person who started it. */
export class StartError extends Error {
  override readonly name = 'StartError';
  /** Whether another configuration (a data directory, say) is the way out, rather than trying again. */
  readonly configuration: boolean;

  constructor(cause: unknown, configuration: boolean) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.configuration = configuration;
  }
}
