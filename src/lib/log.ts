export const logLevels = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof logLevels)[number];

export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** One line per event: a sentence, then facts as `name=value`. */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
}

function quote(value: string): string {
  return /^[\w.:/@%+-]+$/.test(value) ? value : JSON.stringify(value);
}

/** Priorities of syslog(3), which the journal reads off the beginning of a line. Source: sd-daemon(3). */
const journalPrefix: Readonly<Record<LogLevel, string>> = {
  error: '<3>',
  warn: '<4>',
  info: '<6>',
  debug: '<7>',
};

/**
 * Writes events at or above `level` through `write`, after `redact` has masked known secrets. For the journal
 * a line begins with its priority, and the time is left to the journal.
 */
export function createLogger(options: {
  readonly level: LogLevel;
  readonly write: (line: string) => void;
  readonly now: () => Date;
  readonly redact: (text: string) => string;
  readonly forJournal?: boolean;
}): Logger {
  const shown = logLevels.indexOf(options.level);
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (logLevels.indexOf(level) > shown) return;
      const facts = Object.entries(fields)
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => ` ${name}=${quote(String(value))}`)
        .join('');
      const head = options.forJournal
        ? journalPrefix[level]
        : `${options.now().toISOString()} ${level} `;
      const line = `${head}${message}${facts}`;
      options.write(`${options.redact(line).replaceAll(/[\r\n]+/g, '\\n')}\n`);
    };
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}

/** A logger for places that have none to hand on: it drops everything. */
export const silentLogger: Logger = { error() {}, warn() {}, info() {}, debug() {} };
