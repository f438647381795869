import { createHmac } from 'node:crypto';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createInterface, type Interface } from 'node:readline';
import { TLSSocket, type TLSSocketOptions } from 'node:tls';

/** One message as a mail server received it. */
export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** The raw message: headers, an empty line, the body. */
  readonly data: string;
  readonly secure: boolean;
  /** How the login said who it is: identity, user, password; or mechanism and user. */
  readonly login?: readonly string[];
}

/** How the server may treat the next command of this name. */
export interface SmtpFault {
  readonly command:
    | 'greeting'
    | 'EHLO'
    | 'STARTTLS'
    | 'AUTH'
    | 'MAIL'
    | 'RCPT'
    | 'DATA'
    | 'message'
    /** After the message was accepted and that was said. */
    | 'accepted';
  readonly action: 'drop' | 'keep and drop' | 'hang' | { readonly reply: string };
}

export interface SmtpServer extends AsyncDisposable {
  /** `127.0.0.1:PORT`, for the key `smarthost`. */
  readonly smarthost: string;
  readonly mails: readonly ReceivedMail[];
  /** Every command, in order, as it came. */
  readonly commands: readonly string[];
  script(...faults: SmtpFault[]): void;
}

export interface SmtpServerOptions {
  readonly tls?: TLSSocketOptions;
  /** TLS from the first byte instead of STARTTLS. */
  readonly implicitTls?: boolean;
  /** The login that is demanded. */
  readonly login?: { readonly user: string; readonly password: string };
  /** The ways to log in that it offers; by default PLAIN. */
  readonly mechanisms?: readonly ('PLAIN' | 'LOGIN' | 'CRAM-MD5')[];
  /** What it offers besides. */
  readonly extensions?: readonly string[];
}

/** A small mail server (RFC 5321 with STARTTLS and AUTH) that keeps what it accepts. */
export async function startSmtpServer(options: SmtpServerOptions = {}): Promise<SmtpServer> {
  const mails: ReceivedMail[] = [];
  const commands: string[] = [];
  const faults: SmtpFault[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
    const secured = options.implicitTls === true ? secure(socket, options) : socket;
    createSession(secured, options, { mails, commands, faults });
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    smarthost: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    mails,
    commands,
    script: (...more) => void faults.push(...more),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function secure(socket: Socket, { tls }: SmtpServerOptions): TLSSocket {
  const secured = new TLSSocket(socket, { isServer: true, ...tls });
  secured.on('error', () => socket.destroy());
  return secured;
}

interface Records {
  readonly mails: ReceivedMail[];
  readonly commands: string[];
  readonly faults: SmtpFault[];
}

/** Where one connection stands. */
interface Session {
  readonly options: SmtpServerOptions;
  readonly records: Records;
  socket: Socket;
  lines: Interface;
  login?: readonly string[];
  envelope: { readonly from: string; readonly to: string[] };
  /** Takes the lines of a login while it lasts. */
  dialogue?: ((line: string) => void) | undefined;
  /** The lines of the message while it is being received. */
  data?: string[] | undefined;
}

function createSession(socket: Socket, options: SmtpServerOptions, records: Records): void {
  const lines = createInterface({ input: socket });
  const session = { options, records, socket, lines, envelope: { from: '', to: [] } };
  listen(session);
  answer(session, 'greeting', '220 mail.example ESMTP');
}

function listen(session: Session): void {
  session.lines.on('error', () => session.socket.destroy());
  session.lines.on('line', (line) => {
    if (session.dialogue !== undefined) session.dialogue(line);
    else if (session.data === undefined) obey(session, line);
    else collect(session, session.data, line);
  });
}

function say(session: Session, reply: string): void {
  session.socket.write(`${reply}\r\n`);
}

/** Answers by the script if it has something for this command. Gives whether all went as it should. */
function answer(session: Session, command: SmtpFault['command'], reply?: string): boolean {
  const { faults } = session.records;
  const index = faults.findIndex((fault) => fault.command === command);
  const [fault] = index < 0 ? [] : faults.splice(index, 1);
  if (fault === undefined && reply !== undefined) say(session, reply);
  else if (fault?.action === 'keep and drop') {
    keep(session);
    session.socket.destroy();
  } else if (fault?.action === 'drop') session.socket.destroy();
  else if (fault !== undefined && fault.action !== 'hang') say(session, fault.action.reply);
  return fault === undefined;
}

function obey(session: Session, line: string): void {
  session.records.commands.push(line);
  const [verb = ''] = line.toUpperCase().split(/[ :]/);
  const command = commands[verb];
  if (command === undefined) say(session, '502 5.5.1 not implemented');
  else command(session, line);
}

const commands: Readonly<Record<string, (session: Session, line: string) => void>> = {
  EHLO(session) {
    if (!answer(session, 'EHLO')) return;
    const { tls, login } = session.options;
    const offers = ['mail.example', '8BITMIME', ...(session.options.extensions ?? [])];
    if (tls !== undefined && !isSecure(session)) offers.push('STARTTLS');
    const { mechanisms = ['PLAIN'] } = session.options;
    if (login !== undefined) offers.push(`AUTH ${mechanisms.join(' ')}`);
    const last = offers.length - 1;
    offers.forEach((offer, index) => say(session, `250${index < last ? '-' : ' '}${offer}`));
  },
  STARTTLS(session) {
    if (session.options.tls === undefined) {
      say(session, '502 5.5.1 not implemented');
      return;
    }
    if (!answer(session, 'STARTTLS')) return;
    session.lines.close();
    say(session, '220 2.0.0 go ahead');
    session.socket = secure(session.socket, session.options);
    session.lines = createInterface({ input: session.socket });
    listen(session);
  },
  AUTH(session, line) {
    if (!answer(session, 'AUTH')) return;
    if (/^AUTH (?:LOGIN|CRAM-MD5)$/i.test(line)) {
      begin(session, line.slice('AUTH '.length));
      return;
    }
    const login = Buffer.from(line.split(' ')[2] ?? '', 'base64')
      .toString()
      .split('\0');
    const wanted = session.options.login;
    const isRight = login[1] === wanted?.user && login[2] === wanted?.password;
    if (isRight) session.login = login;
    say(session, isRight ? '235 2.7.0 accepted' : '535 5.7.8 bad credentials');
  },
  MAIL(session, line) {
    if (session.options.login !== undefined && session.login === undefined) {
      say(session, '530 5.7.0 authentication required');
    } else if (answer(session, 'MAIL', '250 2.1.0 ok')) {
      session.envelope = { from: addressIn(line), to: [] };
    }
  },
  RCPT(session, line) {
    if (answer(session, 'RCPT', '250 2.1.5 ok')) session.envelope.to.push(addressIn(line));
  },
  DATA(session) {
    if (answer(session, 'DATA', '354 go on')) session.data = [];
  },
  QUIT(session) {
    session.socket.end('221 2.0.0 bye\r\n');
  },
};

/** A dialogue of base64 lines (LOGIN: user, password; CRAM-MD5 by RFC 2195: one answer to a challenge). */
function begin(session: Session, mechanism: string): void {
  const { user, password } = session.options.login ?? { user: '', password: '' };
  const encoded = (text: string): string => Buffer.from(text).toString('base64');
  const challenge = '<1896.697170952@mail.example>';
  const said: string[] = [];
  const digest = createHmac('md5', password).update(challenge).digest('hex');
  const [questions, wanted] =
    mechanism === 'LOGIN'
      ? [
          ['Username:', 'Password:'],
          [user, password],
        ]
      : [[challenge], [`${user} ${digest}`]];
  const ask = (): void => say(session, `334 ${encoded(questions[said.length] ?? '')}`);
  session.dialogue = (line) => {
    said.push(Buffer.from(line, 'base64').toString());
    if (said.length < questions.length) {
      ask();
      return;
    }
    session.dialogue = undefined;
    const isRight = said.every((part, index) => part === wanted[index]);
    if (isRight) session.login = [mechanism, user];
    say(session, isRight ? '235 2.7.0 accepted' : '535 5.7.8 bad credentials');
  };
  ask();
}

function collect(session: Session, data: string[], line: string): void {
  if (line !== '.') {
    data.push(line.startsWith('.') ? line.slice(1) : line);
    return;
  }
  if (answer(session, 'message', '250 2.0.0 queued')) {
    keep(session);
    answer(session, 'accepted');
  }
  session.data = undefined;
}

/** Keeps the message that was received. */
function keep({ records, envelope, data = [], login, socket }: Session): void {
  records.mails.push({
    ...envelope,
    data: data.join('\n'),
    secure: socket instanceof TLSSocket,
    ...(login === undefined ? {} : { login }),
  });
}

function addressIn(line: string): string {
  return /<([^>]*)>/.exec(line)?.[1] ?? '';
}

function isSecure({ socket }: Session): boolean {
  return socket instanceof TLSSocket;
}
