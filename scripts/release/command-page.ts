import { configOption, jsonOption, type Command } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/table.ts';
import { heading, item, literal, page, paragraph, subheading, type Part } from './roff.ts';

const surroundings: readonly Part[] = [
  heading(
    'exit status',
    ...[
      ['0', 'Done; for commands that judge, ok.'],
      ['1', 'Not done; for commands that judge, warning.'],
      ['2', 'Critical.'],
      ['3', 'Unknown: it could not look.'],
      ['64', 'The command was called in a wrong way.'],
      ['69', 'The agent is not running.'],
      ['78', 'The configuration cannot be used.'],
    ].map(([code = '', meaning = '']) => item(code, meaning)),
  ),
  heading(
    'environment',
    item('TOCSIN_CONFIG', 'The configuration, where no `-c` names one.'),
    item('NO_COLOR', 'Whatever it holds, nothing is coloured.'),
    item(
      'NOTIFY_SOCKET, WATCHDOG_USEC, STATE_DIRECTORY, CREDENTIALS_DIRECTORY',
      'As systemd sets them.',
    ),
  ),
  heading(
    'files',
    item(
      '/etc/tocsin/agent.config.yaml',
      'The configuration, unless there is an agent.config.yaml where tocsin is started. Files in conf.d beside it are merged in.',
    ),
    item(
      '/var/lib/tocsin',
      'What survives a restart; ~/.local/state/tocsin where that cannot be written.',
    ),
  ),
  heading(
    'signals',
    item('SIGTERM, SIGINT', 'Stops once what is under way is done; a second one stops at once.'),
    item('SIGHUP', 'Reads the configuration again. A bad one is refused, and the old one stays.'),
  ),
  heading(
    'examples',
    paragraph('A configuration for this host, looked at once, then tried on a receiver:'),
    literal('tocsin init\ntocsin check\ntocsin notify test'),
    paragraph('A deploy that tells nobody of what it restarts:'),
    literal('tocsin silence add --until-ok --max 30m gateway -- ./deploy.sh'),
  ),
];

/** The manual page tocsin(1), from the table of commands. */
export function commandPage(version: string, date: string): string {
  return page('tocsin', 1, date, version, [
    heading('name', ['tocsin \\- watches a host and tells people when something broke']),
    heading('synopsis', [
      '.B tocsin',
      '.I command',
      '[\\,\\fIoption\\fR .\\|.\\|.\\,]',
      '[\\,\\fIword\\fR .\\|.\\|.\\,]',
    ]),
    heading(
      'description',
      paragraph(
        '`tocsin run` is the agent: it runs the checks of its configuration, exports what it measures to Prometheus, and tells people by Slack, PagerDuty, e-mail or webhook when something is really broken. The other commands ask the running agent, try out a configuration, or look once.',
      ),
      paragraph(
        'Without a configuration it watches its own host and tells what it finds to the terminal. `tocsin init` writes a configuration for what it finds on the host; agent.config.yaml(5) describes the file.',
      ),
    ),
    heading(
      'options',
      paragraph('What has these options understands the same by them:'),
      ...optionItems({ ...configOption, ...jsonOption }),
    ),
    heading('commands', ...commands.map(section)),
    ...surroundings,
    heading('see also', ['.BR agent.config.yaml (5),', '.BR systemd.service (5)']),
  ]);
}

function section({ name, usage, summary, options }: Command): Part {
  const { config: _config, json: _json, ...own } = options;
  return subheading(
    `tocsin ${name}${usage === '' ? '' : ` ${usage}`}`,
    paragraph(sentence(summary)),
    ...optionItems(own),
  );
}

function optionItems(options: Command['options']): readonly Part[] {
  return Object.entries(options).map(([long, option]) => {
    const value = option.type === 'string' ? ` ${option.value}` : '';
    const short = option.short === undefined ? '' : `-${option.short}, `;
    return item(`${short}--${long}${value}`, sentence(option.about));
  });
}

function sentence(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
}
