import { lookAtDataDirectory } from '../app/doctor/data-directory.ts';
import { judgeAgent, type AgentReport } from '../app/doctor/running-agent.ts';
import { lookAtFiles } from '../app/doctor/secret-files.ts';
import { lookAtUnit } from '../app/doctor/service-unit.ts';
import type { Symptom } from '../app/doctor/symptom.ts';
import { load, type LoadedConfig } from '../app/load.ts';
import { systemClock } from '../lib/clock.ts';
import { redactor } from '../lib/redact.ts';
import { byWorst, worstOf } from '../model/result.ts';
import { version } from '../model/version.ts';
import { agentOf } from './agent-client.ts';
import { exitCodeOf } from './check.ts';
import { configOption, jsonOption, text, type Command, type CommandContext } from './command.ts';
import { columns, painter } from './style.ts';

export const doctor: Command = {
  name: 'doctor',
  summary: 'what is wrong with tocsin itself, and what to do about it',
  usage: '[-c FILE] [--json]',
  options: { ...configOption, ...jsonOption },
  async run(parsed, context) {
    const loading = await load(text(parsed, 'config'), context);
    const unit = await lookAtUnit(systemClock());
    const found = loading.ok
      ? [...configured(loading.loaded), ...(await aroundAgent(loading.loaded))]
      : loading.problems.map(unusable);
    const symptoms = [...found, ...unit].toSorted((a, b) => byWorst(a.status, b.status));
    const redact = loading.ok ? redactor(loading.loaded.config.secrets) : (line: string) => line;
    const output = parsed.values['json']
      ? `${JSON.stringify({ apiVersion: 1, symptoms })}\n`
      : render(symptoms, context);
    context.stdout.write(redact(output));
    return exitCodeOf[worstOf(symptoms.map(({ status }) => status))];
  },
};

function unusable(problem: string): Symptom {
  const remedy = 'mend it; tocsin validate says when it is right';
  return { area: 'configuration', status: 'critical', sentence: problem, remedy };
}

function configured({ config }: LoadedConfig): readonly Symptom[] {
  const area = 'configuration';
  const [file] = config.files;
  const sentence =
    file === undefined
      ? 'no configuration was found: the agent watches its own host and tells the terminal'
      : `${file} can be used`;
  const remedy = 'tocsin init writes one';
  return [
    file === undefined
      ? { area, status: 'warning', sentence, remedy }
      : { area, status: 'ok', sentence },
    ...lookAtFiles(config.files, config.secrets.length > 0),
    ...mourned(config.agent.heartbeat !== undefined),
  ];
}

/** Nobody hears of the death of a host but from somewhere else. */
function mourned(hasHeartbeat: boolean): readonly Symptom[] {
  if (hasHeartbeat) return [];
  const sentence = 'nobody is told when this whole host dies: agent.heartbeat is not set';
  const remedy = 'give agent.heartbeat.url the address of something elsewhere that notices silence';
  return [{ area: 'configuration', status: 'ok', sentence, remedy }];
}

async function aroundAgent(loaded: LoadedConfig): Promise<readonly Symptom[]> {
  const ask = agentOf(loaded);
  const answer = await ask('GET', '/api/v1/status').catch((error: unknown) => error as Error);
  const isRunning = !(answer instanceof Error);
  const here = lookAtDataDirectory(loaded.dataDir, isRunning);
  if (!isRunning) {
    const remedy = 'systemctl start tocsin, or: tocsin run';
    return [{ area: 'agent', status: 'critical', sentence: answer.message, remedy }, ...here];
  }
  if (answer.status !== 200) {
    const sentence = `something else than this agent answers at its address (status ${answer.status})`;
    return [
      { area: 'agent', status: 'critical', sentence, remedy: 'change server.listen' },
      ...here,
    ];
  }
  return [...judgeAgent(answer.body as AgentReport, version), ...here];
}

function render(symptoms: readonly Symptom[], context: CommandContext): string {
  const paint = painter(context);
  const rows = columns(symptoms.map(({ status, area, sentence }) => [status, area, sentence]));
  return symptoms
    .flatMap(({ status, remedy }, index) => [
      paint(status, status) + (rows[index] ?? '').slice(status.length),
      ...(remedy === undefined ? [] : [paint(`          → ${remedy}`, 'dim')]),
    ])
    .map((line) => `${line}\n`)
    .join('');
}
