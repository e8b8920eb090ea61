import { AppendError } from "@tidings/log";
import { isCertificateError } from "@tidings/log/engine";

/** A command was not sent, since there is no connection. */
export class NotConnectedError extends Error {
  constructor(cause: unknown) {
    super(reportOf(cause), { cause });
  }
}

/** A command was not sent, since the log is closed. */
export class ClosedError extends NotConnectedError {
  constructor() {
    super("the log was closed");
  }
}

/** The server did not answer in time. */
export class NoAnswerError extends Error {
  constructor(milliseconds: number) {
    super(`no answer within ${milliseconds} ms`);
  }
}

/** An append is stored, and the answer about the replicas did not come. */
export class UnconfirmedError extends Error {
  constructor(cause: unknown) {
    super(`nobody knows whether the replicas have it: ${reportOf(cause)}`, { cause });
  }
}

/** Fewer replicas than demanded have confirmed an append. */
export class FewReplicasError extends Error {
  constructor(demanded: number, confirmed: number) {
    super(`expected ${demanded} replicas to confirm, got ${confirmed}`);
  }
}

const NO_ANSWER =
  "What was to be written may or may not be stored; with an idempotency key it is safe to publish again.";

/** The codes of a connection that ends before it is used, as where only one side speaks TLS. */
const UNEXPECTED = /^(ECONNRESET|EPROTO|EPIPE|ERR_SSL_)/;

const RIGHTS =
  "Give the user of the log its rights: ~{tidings}:* &{tidings}:* +@all -@dangerous +info, with the name of the log " +
  "instead of tidings.";

/** What to do, by the code of an answer with which the server has refused a command. It has run nothing of it. */
const ADVICE: Readonly<Record<string, string>> = {
  OOM: "The memory of the server is full: raise maxmemory, or keep less.",
  READONLY: "The server is a replica: connect to the primary.",
  MASTERDOWN: "The server is a replica that has lost its primary: connect to the primary.",
  MISCONF: "The server cannot save its data, and so refuses writes: look at its log, and at its disk.",
  NOREPLICAS: "The server demands replicas (min-replicas-to-write): check that they run.",
  LOADING: "The server has just started: it is ready soon.",
  BUSY: "Another script keeps the server busy.",
  NOPERM: RIGHTS,
  NOAUTH: "Give the password of the server.",
  WRONGPASS: "Check the user and the password.",
  CLUSTERDOWN: "The cluster does not work: check its nodes.",
  MOVED: "The server is a node of a cluster, which this log does not follow: connect to the node with its keys.",
};

/** The error of an append. */
export function appendError(cause: unknown): AppendError {
  const { message } = redisError("append to", cause);
  return isUnknown(cause)
    ? new AppendError("unknown", `${message} ${NO_ANSWER}`, { cause })
    : new AppendError("none", message, { cause });
}

/** An error that says what failed, what Redis reported, and what to do. */
export function redisError(action: string, cause: unknown): Error {
  return new Error(`Cannot ${action} the log in Redis: ${reportOf(cause)}. ${adviceOn(cause)}`.trimEnd(), { cause });
}

/**
 * The error of a command without the command, which the client adds to it: its arguments are a password, or the data of
 * events and a whole script. An application writes errors to its records, with everything that they have.
 */
export function withoutCommand(error: unknown): unknown {
  if (error instanceof Error) Reflect.deleteProperty(error, "command");
  return error;
}

/** Whether the client found its connection ended, and has sent nothing. */
export function isUnsent(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith("Stream isn't writeable");
}

/** Whether the server does not know a script. It has run nothing. */
export function isMissingScript(error: unknown): boolean {
  return codeOf(error) === "NOSCRIPT";
}

/** Whether the server is not the one that takes writes. */
export function isWrongServer(error: unknown): boolean {
  return ["READONLY", "MASTERDOWN", "MOVED"].includes(codeOf(error) ?? "");
}

/** Whether a connection ended before the answer, so that a read may be tried again. */
export function isLostConnection(error: unknown): boolean {
  return codeOf(error) === null && !(error instanceof NotConnectedError) && !(error instanceof NoAnswerError);
}

/** Whether nobody knows if something was stored. An error inside of a script may have come after a part of it. */
function isUnknown(error: unknown): boolean {
  return !(error instanceof NotConnectedError) && !isUnsent(error) && ADVICE[codeOf(error) ?? ""] === undefined;
}

function adviceOn(error: unknown): string {
  if (error instanceof ClosedError) return "Nothing was written: read and publish before hub.close().";
  if (error instanceof NotConnectedError) {
    // The server may have answered, and refused the connection.
    return codeOf(error.cause) === null ? `Nothing was written: ${adviceOnConnecting(error)}` : adviceOn(error.cause);
  }
  if (error instanceof Error && error.message.includes("user executing the script can't run")) return RIGHTS;
  return ADVICE[codeOf(error) ?? ""] ?? "";
}

function adviceOnConnecting({ cause }: NotConnectedError): string {
  // Safe: whatever it is, its member is only looked at.
  const { code } = Object(cause) as { readonly code?: unknown };
  if (isCertificateError(String(code))) {
    return "the certificate of the server is not trusted. Name its authority, by tls: { ca } in the settings.";
  }
  if (cause instanceof NoAnswerError || UNEXPECTED.test(String(code))) {
    return (
      "check that the server runs and takes more clients (maxclients), and that the URL has rediss: for a port with " +
      "TLS, and redis: for one without."
    );
  }
  return "check the address, and that the server runs.";
}

/** The code of an answer; null if the error is no answer of the server. */
function codeOf(error: unknown): string | null {
  if (!(error instanceof Error) || error.name !== "ReplyError") return null;
  const [, code = null] = /^([A-Z]+) /.exec(error.message) ?? [];
  return code;
}

function reportOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  // An error of several attempts to connect has no message of its own.
  if (cause instanceof AggregateError && cause.message === "") return cause.errors.map(reportOf).join(", ");
  return cause.message.replace(/\.$/, "");
}
