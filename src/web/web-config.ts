/** The file named by `server.web_config_file`, read and checked. */
export interface WebConfig {
  /** Absolute path of the file; it is read again when it changes. */
  readonly file: string;
  readonly tls?: TlsConfig;
  /** Names to bcrypt hashes; empty when nobody has to log in. */
  readonly users: Readonly<Record<string, string>>;
}

/** Paths are absolute. */
export interface TlsConfig {
  readonly certFile: string;
  readonly keyFile: string;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly clientAuth: 'none' | 'verify-if-given' | 'require-and-verify';
  readonly clientCaFile?: string;
}
