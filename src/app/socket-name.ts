/** The Unix socket in the data directory through which the command line asks the agent. */
export const socketName = 'tocsin.sock';
