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

/** The server, or what is in its tables, is not for this version of the package. Nothing was written. */
export class UnfitServerError extends Error {}

/** What to do, by PostgreSQL's code of an error. */
const ADVICE: Readonly<Record<string, string>> = {
  "25000":
    "Set default_transaction_isolation to 'read committed' for the role of the log; begin a transaction of the " +
    'application with "begin isolation level read committed".',
  "25P01":
    "Pass the connection that has begun the transaction, not a pool, and do not set constraints to immediate before.",
  "25P02": "An earlier statement of the transaction has failed: roll it back.",
  "25006":
    "The server is read-only: connect to the primary. If it is the primary, the role of the log has " +
    "default_transaction_read_only: set it to off.",
  "28000":
    "Check the user, and pg_hba.conf of the server. If the server demands TLS, add sslmode=verify-full to the URL.",
  "28P01": "Check the user and the password.",
  "3D000": "Create the database, or correct its name in the URL.",
  "3F000": "Open the log once in this database, with a role that may create the schema.",
  "42501":
    "Give the role this right, or open the log with the role that created the schema. The role that opens a log " +
    "first needs the right to create schemas in the database; the guide PostgreSQL has the statements.",
  "53100": "Free some space on the disk of the server.",
  "53300": "Raise max_connections of the server, or give the log fewer: max in the settings of its connection.",
  "55P03": "Another transaction publishes and does not end: keep transactions short.",
  "40001": "Run the transaction again.",
  // A code of Prisma.
  P2028: "Await publishIn inside of the transaction.",
  "57014": "Set a longer statement_timeout for the role of the log, if it has one.",
  "23505": "Another transaction has published with the same idempotency key: run the transaction again.",
};

/** The codes of a connection that has ended. */
const LOST: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "57P01"]);

const CLOSED = "Nothing was written: read and publish before hub.close().";
const NOT_REACHED = "Nothing was written: check the address, and that the server runs.";
const NO_TLS = "Nothing was written: turn ssl on in the server, or remove sslmode and ssl from the connection.";
const NO_PASSWORD = "Nothing was written: the server demands a password, and the connection has none.";
const NOT_TRUSTED =
  "Nothing was written: the certificate of the server is not trusted. Name its authority, by " +
  "sslmode=verify-full&sslrootcert=<path> in the URL, or by ssl: { ca } in the settings.";
const NO_ANSWER =
  "The server did not answer, so what was to be written may or may not be stored; with an idempotency key it is safe " +
  "to publish again.";

const NOTHING_INSERTED = "The server did not answer: roll the transaction back, and nothing of it is stored.";

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
  return /^(53|58|XX)/.test(code) && sourceOf(error).severity !== "ERROR";
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

/** The error of a statement inside of a transaction of the application. */
export function insertError(cause: unknown): Error {
  return postgresError("publish inside a transaction to", cause, NOTHING_INSERTED);
}

/**
 * An error that says what failed, what PostgreSQL reported, and what to do.
 *
 * @param onSilence what to do if the server has not answered
 */
export function postgresError(action: string, cause: unknown, onSilence = NO_ANSWER): Error {
  const message = `Cannot ${action} the log in PostgreSQL: ${reportOf(cause)}. ${adviceOn(cause, onSilence)}`;
  return new Error(message.trimEnd(), { cause });
}

/** What to do; empty if there is nothing to say. */
function adviceOn(cause: unknown, onSilence: string): string {
  const { code = "" } = sourceOf(cause);
  const advice = ADVICE[code] ?? "";
  if (cause instanceof UnfitServerError) return "";
  if (cause instanceof ClosedError) return CLOSED;
  if (cause instanceof NotConnectedError) return advice || adviceOnConnecting(cause, code);
  return isAnswer(cause) ? advice : `${onSilence} ${advice}`.trimEnd();
}

function adviceOnConnecting(cause: NotConnectedError, code: string): string {
  // These errors of the driver have no code.
  if (cause.message.includes("does not support SSL")) return NO_TLS;
  if (cause.message.includes("client password must be")) return NO_PASSWORD;
  return isCertificateError(code) ? NOT_TRUSTED : NOT_REACHED;
}

/** What has happened, without a full stop. */
function reportOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const { code, message } = sourceOf(cause);
  // An error of several attempts to connect has no message of its own.
  return (message || (code ?? "no connection")).replaceAll(/\s+/g, " ").trim().replace(/\.$/, "");
}

/** The code of an error, or of the error that a library of the application has wrapped. */
function codeOf(error: unknown): string | null {
  return sourceOf(error).code ?? null;
}

interface Source {
  readonly code?: string;
  /** As the server has said it: `ERROR`, `FATAL` or `PANIC`. */
  readonly severity?: string;
  readonly message: string;
}

/** The first error with a code. A library of the application may have wrapped it, and put the statement around it. */
function sourceOf(error: unknown): Source {
  if (!(error instanceof Error)) return { message: String(error) };
  return sourceIn(error) ?? { message: error.message };
}

function sourceIn(error: unknown): Source | null {
  if (!(error instanceof Error)) return null;
  // An error may have any fields, so their types are checked below.
  const { code, severity, meta, message } = error as Error & Readonly<Record<string, unknown>>;
  if (typeof code !== "string") return sourceIn(error.cause);
  return sourceOfPrisma(meta) ?? { code, message, ...(typeof severity === "string" && { severity }) };
}

/** Prisma has codes of its own. That of the server is in the error of its driver. */
function sourceOfPrisma(meta: unknown): Source | null {
  // Safe: whatever it is, its members are only looked at.
  const { driverAdapterError } = Object(meta) as { driverAdapterError?: { cause?: unknown } };
  const { originalCode, originalMessage } = Object(driverAdapterError?.cause) as Record<string, unknown>;
  if (typeof originalCode !== "string" || typeof originalMessage !== "string") return null;
  return { code: originalCode, message: originalMessage };
}
