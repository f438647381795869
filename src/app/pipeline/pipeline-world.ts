import type { CheckSpec } from '../../model/check.ts';
import type { Config } from '../../model/config.ts';
import type { PipelineWorld } from './pipeline.ts';

/** What the pipeline needs to know of a configuration, for these of its checks. */
export function pipelineWorld(
  config: Config,
  specs: ReadonlyMap<string, CheckSpec>,
  externalURL: () => string,
): PipelineWorld {
  return {
    specs,
    routing: {
      root: config.route,
      receivers: config.receivers,
      inhibitRules: config.inhibitRules,
      origin: config.agent.name,
    },
    origin: {
      labels: config.agent.labels,
      // Asked again for each alert: the address is not known before the server listens.
      get generatorURL() {
        return externalURL();
      },
    },
  };
}
