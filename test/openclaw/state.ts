import type { PartName } from '../../src/checks/openclaw/part.ts';
import type { Lab } from './lab.ts';

/** A state into which a real gateway is brought, and what the agent has to make of it. */
export interface State {
  readonly name: string;
  /** For the table: how it is brought about. */
  readonly how: string;
  /** The part that has to be among those that find it; undefined: nobody may be told of anything. */
  readonly foundBy: PartName | undefined;
  /** What the sentence of that part has to hold. */
  readonly saying?: RegExp;
  /** One of the short selection. */
  readonly isQuick?: boolean;
  /** Keys beside `type: openclaw`; the table says so. */
  readonly tuned?: object;
  /** Said in the table as well. */
  readonly remark?: string;
  /** Brings a healthy gateway that is watched into the state; seconds count from here, or from `begin()`. */
  readonly bring: (lab: Lab, begin: () => void) => Promise<void>;
  /** Mends it; seconds until it is over count from its end. */
  readonly mend?: (lab: Lab) => Promise<void>;
  /** How long the alert may take, or how long nothing may be told. Default: 4 minutes. */
  readonly withinMs?: number;
  /** How long the end may take after it was mended. Default: 3 minutes. */
  readonly endsWithinMs?: number;
  /** Records what the gateway answers in this state under this name, when asked to. */
  readonly recordAs?: string;
  /** Brings it about once more right before that, where it passes by itself. */
  readonly beforeRecording?: (lab: Lab) => Promise<void>;
}
