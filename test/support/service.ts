import { startHttpServer } from './http-server.ts';

/** A web service that is up until it is told to fail. */
export interface Service extends AsyncDisposable {
  /** Address of what tells whether it is well. */
  readonly url: string;
  /** The status that it answers from now on. */
  answer(status: number): void;
  /** How often it was asked. */
  asked(): number;
}

export async function startService(): Promise<Service> {
  let status = 200;
  let asked = 0;
  const server = await startHttpServer((_request, response) => {
    asked += 1;
    response.writeHead(status).end();
  });
  return {
    url: `${server.url}/health`,
    answer(next) {
      status = next;
    },
    asked: () => asked,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
