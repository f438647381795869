const tlsCodes =
  /TLS|SSL|CERT|CRL|ISSUER|VERIFY|SIGNATURE|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH|^EPROTO$/;

/** Whether the code of an error is one of Node's or OpenSSL's for a handshake or certificate that failed. */
export function isTlsError(code: string): boolean {
  return tlsCodes.test(code);
}
