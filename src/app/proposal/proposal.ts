import type { RecordedResult } from '../../model/result.ts';

/** The parts of a proposed configuration, in their order, with the heading of each. */
export const sections = {
  host: 'This host',
  openclaw: 'OpenClaw',
  units: 'Services of systemd',
  containers: 'Containers',
  services: 'What listens on this host',
  web: 'Sites and certificates',
} as const;

export type Section = keyof typeof sections;

/** A check as it is written in a configuration. */
export type ProposedCheck = { readonly type: string; readonly name: string } & Readonly<
  Record<string, unknown>
>;

/** A check that would suit this host. */
export interface Proposal {
  readonly section: Section;
  readonly check: ProposedCheck;
  /** What was found that speaks for it, as a sentence. */
  readonly because: string;
  /** Ports of this host that need no other check. */
  readonly covers?: readonly number[];
  /** A port of this host: any other check that looks at it will do as well. */
  readonly port?: number;
  /** What else would look at the same thing, for when the check does not pass now. */
  readonly otherwise?: (result: RecordedResult) => Omit<Proposal, 'section'> | undefined;
}

/** What a look at one kind of thing gave. */
export interface Findings {
  readonly proposals: readonly Proposal[];
  /** What could not be seen or was left out, and what to do about it, a sentence each. */
  readonly remarks: readonly string[];
}

export function proposed(...proposals: readonly Proposal[]): Findings {
  return { proposals, remarks: [] };
}
