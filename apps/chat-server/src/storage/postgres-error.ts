/** Codes of the system, for a server that cannot be reached or has cut the connection. */
const UNREACHED: ReadonlySet<string> = new Set([
  ...["ECONNREFUSED", "ECONNRESET", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "ENOENT", "EPIPE", "ETIMEDOUT"],
]);

/** Messages of the driver's own errors, which have no code. */
const ENDED = /^(Connection terminated|Query read timeout|timeout e|Client has encountered a connection error)/;

/**
 * Whether PostgreSQL is away: it cannot be reached, starts or stops, is a standby, has too many connections, or has not
 * answered.
 */
export function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // An error may have any fields, so the type is checked below.
  const { code, message, cause } = error as { code?: unknown; message: string; cause?: unknown };
  if (typeof code === "string") return UNREACHED.has(code) || /^(08|57P|53300|25006|25P0[23])/.test(code);
  return ENDED.test(message) || isAway(cause);
}
