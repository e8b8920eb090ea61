import { AppendError } from "@tidings/log";
import { isCertificateError } from "@tidings/log/engine";

/** A statement was not sent, since there is no connection. */
export class NotConnectedError extends Error {
  constructor(cause: unknown) {
    super(reportOf(cause), { cause });
  }
}

/** A statement was not sent, since the log is closed. */
export class ClosedError extends NotConnectedError {
  constructor() {
    super("the log was closed");
  }
}

/** What to do, by PostgreSQL's code of an error. */
const ADVICE: Readonly<Record<string, string>> = {
  "25000":
    "Set default_transaction_isolation to 'read committed' for the role of the log; begin a transaction of the " +
    'application with "begin isolation level read committed".',
  "25P01":
    "Pass the connection that has begun the transaction, not a pool, and do not set constraints to immediate before.",
  "25006":
    "The server is read-only: connect to the primary. If it is the primary, the role of the log has " +
    "default_transaction_read_only: set it to off.",
  "28000":
    "Check the user, and pg_hba.conf of the server. If the server demands TLS, add sslmode=verify-full to the URL.",
  "28P01": "Check the user and the password.",
  "3F000": "Open the log once with a role that may create the schema.",
  "42501": "Give the role this right, or open the log with the role that created the schema.",
  "53100": "Free some space on the disk of the server.",
  "53300": "Raise max_connections of the server, or give the log fewer: max in the settings of its connection.",
  "55P03": "Another transaction publishes and does not end: keep transactions short.",
  "40001": "Run the transaction again.",
  "57014": "Set a longer statement_timeout for the role of the log, if it has one.",
  "23505": "Another transaction has published with the same idempotency key: run the transaction again.",
};

/** The codes of a connection that has ended. */
const LOST: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "57P01"]);

const CLOSED = "Nothing was written: read and publish before hub.close().";
const NOT_REACHED = "Nothing was written: check the address, and that the server runs.";
const NOT_TRUSTED =
  "Nothing was written: the certificate of the server is not trusted. Name its authority, by " +
  "sslmode=verify-full&sslrootcert=<path> in the URL, or by ssl: { ca } in the settings.";
const NO_ANSWER =
  "The server did not answer, so what was to be written may or may not be stored; with an idempotency key it is safe " +
  "to publish again.";

/** The codes of errors that another attempt avoids. Their cause is a transaction that has committed meanwhile. */
const RETRYABLE: ReadonlySet<string> = new Set(["40001", "40P01", "23505"]);

/** Whether a statement failed because of a transaction beside it, and nothing of it is stored. */
export function isRetryable(error: unknown): boolean {
  return RETRYABLE.has(codeOf(error) ?? "");
}

/** Whether the server has ended a statement that took too long. */
export function isCancelled(error: unknown): boolean {
  return codeOf(error) === "57014";
}

/**
 * Whether a statement failed because of the entries in it: bad data, a broken constraint, a limit of the server, a
 * condition that cannot be checked, or a channel that has ended.
 */
export function isBadEntry(error: unknown): boolean {
  return /^(22|23|54|25000|TD002)/.test(codeOf(error) ?? "");
}

/** Whether a connection ended while a statement ran. */
export function isLostConnection(error: unknown): boolean {
  const code = codeOf(error) ?? "";
  // A pooler says it by a code of class 08. The driver's own errors of this kind have no code.
  const isLost = LOST.has(code) || code.startsWith("08");
  return isLost || (error instanceof Error && error.message.startsWith("Connection terminated unexpectedly"));
}

/** Whether a statement was given up, since no answer came in time. */
export function isUnanswered(error: unknown): boolean {
  // The driver's own error has no code.
  return error instanceof Error && error.message === "Query read timeout";
}

/** Whether it is a code of PostgreSQL. Those of the operating system begin with E, or are longer. */
function isOfServer(code: string): boolean {
  return /^[0-9A-DF-Z][0-9A-Z]{4}$/.test(code);
}

/** Whether the server has answered. If it has not, nobody knows whether the statement was carried out. */
export function isAnswer(error: unknown): boolean {
  const code = codeOf(error) ?? "";
  // 57P is a server that goes down, and 08 a pooler that has lost it.
  return isOfServer(code) && !/^(57P|08)/.test(code) && !isPanic(error, code);
}

/**
 * Whether the whole server stops with this error. It may do so in the middle of a commit, which it then finds in its
 * log and carries out when it starts again. The causes are a full or broken disk, lacking memory, and bugs.
 */
function isPanic(error: unknown, code: string): boolean {
  // The driver has no other word for the severity than that of the server's language. An unknown word counts as the
  // worst one.
  return /^(53|58|XX)/.test(code) && severityOf(error) !== "ERROR";
}

/**
 * What keeps others from being stored, too, after an append has failed: the server is gone, or a transaction holds the
 * lock. Null after other errors. Nothing of those others was sent.
 */
export function obstacleAfter(error: unknown): Error | null {
  if (isUnanswered(error) || error instanceof NotConnectedError) return new NotConnectedError(error);
  return error instanceof Error && codeOf(error) === "55P03" ? error : null;
}

/** The error of an append. */
export function appendError(cause: unknown): AppendError {
  const { message } = postgresError("append to", cause);
  const isUnknown = !(cause instanceof NotConnectedError) && !isAnswer(cause);
  return new AppendError(isUnknown ? "unknown" : "none", message, { cause });
}

/** An error that says what failed, what PostgreSQL reported, and what to do. */
export function postgresError(action: string, cause: unknown): Error {
  return new Error(`Cannot ${action} the log in PostgreSQL: ${reportOf(cause)}. ${adviceOn(cause)}`.trimEnd(), {
    cause,
  });
}

function adviceOn(cause: unknown): string {
  const code = codeOf(cause) ?? "";
  const advice = ADVICE[code] ?? "";
  if (cause instanceof ClosedError) return CLOSED;
  if (cause instanceof NotConnectedError) return advice || adviceOnConnecting(code);
  return isAnswer(cause) ? advice : `${NO_ANSWER} ${advice}`.trimEnd();
}

function adviceOnConnecting(code: string): string {
  return isCertificateError(code) ? NOT_TRUSTED : NOT_REACHED;
}

/** What has happened, without a full stop. */
function reportOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  // An error of several attempts to connect has no message of its own.
  return (cause.message || (codeOf(cause) ?? "no connection")).replace(/\.$/, "");
}

/** The code of an error, or of the error that a library of the application has wrapped. */
function codeOf(error: unknown): string | null {
  return fieldOf(error, "code");
}

function severityOf(error: unknown): string | null {
  return fieldOf(error, "severity");
}

function fieldOf(error: unknown, name: "code" | "severity"): string | null {
  if (!(error instanceof Error)) return null;
  // An error may have any fields, so the type is checked below.
  const { [name]: field } = error as { code?: unknown; severity?: unknown };
  return typeof field === "string" ? field : fieldOf(error.cause, name);
}
