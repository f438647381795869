import type { Child } from './child.ts';

/** What both sides are asked to do. */
export interface Work {
  /** Base address of the stand-in, without a slash at the end. */
  readonly standIn: string;
  readonly targets: number;
  readonly intervalSeconds: number;
  /** An empty directory for configuration, state and logs. */
  readonly directory: string;
}

/** One way of doing the work: its processes, which together are what it costs. */
export interface Side extends AsyncDisposable {
  readonly children: readonly Child[];
  /** Address that answers 200 once the side works, and where its metrics are. */
  readonly readyUrl: string;
  readonly metricsUrl: string;
}

/** The addresses of the targets of one side. */
export function targetUrls({ standIn, targets }: Work, side: 'tocsin' | 'peers'): string[] {
  return Array.from({ length: targets }, (_, index) => `${standIn}/target/${side}/${index + 1}`);
}
