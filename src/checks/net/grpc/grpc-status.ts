/** Names of the status codes of gRPC, by number. */
const names = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
] as const;

/** The codes that a probe comes to by itself. */
export const grpcCode = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  deadlineExceeded: 4,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** A code for people: `5 NOT_FOUND`. */
export function codeWithName(code: number): string {
  return `${code} ${names[code] ?? '(no code of gRPC)'}`;
}

const byHttpStatus: Readonly<Record<number, number>> = {
  400: grpcCode.internal,
  401: grpcCode.unauthenticated,
  403: grpcCode.permissionDenied,
  404: grpcCode.unimplemented,
  429: grpcCode.unavailable,
  502: grpcCode.unavailable,
  503: grpcCode.unavailable,
  504: grpcCode.unavailable,
};

/** The code for an HTTP answer without one, as gRPC's document on the mapping of HTTP status says. */
export function codeOfHttpStatus(status: number): number {
  return byHttpStatus[status] ?? grpcCode.unknown;
}

/** By the error codes of HTTP/2 (RFC 9113, 7). */
const byReset: Readonly<Record<number, number>> = {
  0x3: grpcCode.resourceExhausted, // FLOW_CONTROL_ERROR
  0x7: grpcCode.unavailable, // REFUSED_STREAM
  0x8: grpcCode.cancelled, // CANCEL
  0xb: grpcCode.resourceExhausted, // ENHANCE_YOUR_CALM
  0xc: grpcCode.permissionDenied, // INADEQUATE_SECURITY
};

/** The code for a stream that the server reset with this error of HTTP/2, as grpc-go counts it. */
export function codeOfReset(error: number): number {
  return byReset[error] ?? grpcCode.internal;
}

/** The status number in a header; undefined for what is none. */
export function parseStatus(value: string): number | undefined {
  return /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}

/** Undoes the percent encoding of `grpc-message`; what is not encoded well stays as it is. */
export function decodeMessage(message: string): string {
  const bytes = message.replaceAll(/%([0-9a-f]{2})/gi, (_escape, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
