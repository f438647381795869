import type { LabGateway } from './gateway.ts';

/** Adds a job that runs a command each minute, as a person does. Throws with what the gateway said instead. */
export async function addJob(gateway: LabGateway, name: string, command: string): Promise<void> {
  const words = ['--name', name, '--command', command, '--no-deliver'];
  const said = await gateway.cli('cron', 'add', 'every 1m', ...words);
  if (!said.includes(name)) throw new Error(`the job ${name} was not added: ${said}`);
}

/** Switches a job off by its name; one that was removed would be told as missing. */
export async function disableJob(gateway: LabGateway, name: string): Promise<void> {
  const listed = JSON.parse(await gateway.cli('cron', 'list', '--json')) as {
    readonly jobs: readonly { readonly id: string; readonly name?: string }[];
  };
  const found = listed.jobs.find((job) => job.name === name);
  if (found === undefined) throw new Error(`there is no job ${name}`);
  await gateway.cli('cron', 'disable', found.id);
}
