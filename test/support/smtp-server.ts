import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createInterface, type Interface } from 'node:readline';
import { TLSSocket } from 'node:tls';

/** One message as a mail server received it. */
export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** The raw message: headers, an empty line, the body. */
  readonly data: string;
  readonly secure: boolean;
  /** The decoded AUTH PLAIN token: identity, user, password. */
  readonly login?: readonly string[];
}

/** How the server may treat the next command of this name. */
export interface SmtpFault {
  readonly command: 'greeting' | 'EHLO' | 'AUTH' | 'MAIL' | 'RCPT' | 'DATA' | 'message';
  readonly action: 'drop' | 'hang' | { readonly reply: string };
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
  readonly tls?: { readonly key: string; readonly cert: string };
  /** TLS from the first byte instead of STARTTLS. */
  readonly implicitTls?: boolean;
  /** The login that is demanded. */
  readonly login?: { readonly user: string; readonly password: string };
}

/** A small mail server (RFC 5321 with STARTTLS and AUTH PLAIN) that keeps what it accepts. */
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
  session.lines.on('line', (line) => {
    if (session.data === undefined) obey(session, line);
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
  else if (fault?.action === 'drop') session.socket.destroy();
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
    const offers = ['mail.example', '8BITMIME'];
    if (tls !== undefined && !isSecure(session)) offers.push('STARTTLS');
    if (login !== undefined) offers.push('AUTH PLAIN');
    const last = offers.length - 1;
    offers.forEach((offer, index) => say(session, `250${index < last ? '-' : ' '}${offer}`));
  },
  STARTTLS(session) {
    if (session.options.tls === undefined) {
      say(session, '502 5.5.1 not implemented');
      return;
    }
    session.lines.close();
    say(session, '220 2.0.0 go ahead');
    session.socket = secure(session.socket, session.options);
    session.lines = createInterface({ input: session.socket });
    listen(session);
  },
  AUTH(session, line) {
    if (!answer(session, 'AUTH')) return;
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

function collect(session: Session, data: string[], line: string): void {
  if (line !== '.') {
    data.push(line.startsWith('.') ? line.slice(1) : line);
    return;
  }
  session.data = undefined;
  if (!answer(session, 'message', '250 2.0.0 queued')) return;
  session.records.mails.push({
    ...session.envelope,
    data: data.join('\n'),
    secure: isSecure(session),
    ...(session.login === undefined ? {} : { login: session.login }),
  });
}

function addressIn(line: string): string {
  return /<([^>]*)>/.exec(line)?.[1] ?? '';
}

function isSecure({ socket }: Session): boolean {
  return socket instanceof TLSSocket;
}
