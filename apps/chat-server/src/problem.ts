import { STATUS_CODES } from "node:http";
import { AppendError } from "@tidings/log";
import type { ErrorRequestHandler, RequestHandler } from "express";
import { StorageAway } from "./storage/database.ts";
import { WriteRefused } from "./write-queue.ts";

/** The seconds after which a request that was refused with 503 can be sent again. */
const RETRY_AFTER = 1;

/** An error that the client receives as problem details (RFC 9457). */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  /** The seconds after which the same request may work; null if it will not. */
  readonly retryAfter: number | null;

  /** @param detail one sentence: what was expected, and what came instead */
  constructor(status: number, detail: string, retryAfter = status === 503 ? RETRY_AFTER : null) {
    super(detail);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** Answers 404 to a request that no route has answered. */
export const notFound: RequestHandler = (request) => {
  throw new Problem(404, `There is no ${request.method} ${request.baseUrl}${request.path}.`);
};

/**
 * Answers a request that has failed. An unexpected error goes to the console, never to the client. Express recognizes
 * an error handler by its four parameters.
 */
export const sendProblem: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (response.headersSent) return next(error);
  const { status, message, retryAfter } = toProblem(error);
  if (status === 500 || error instanceof AppendError || error instanceof StorageAway) console.error(error);
  const title = STATUS_CODES[status] ?? "Error";
  const problem = { type: "about:blank", title, status, detail: message };
  if (retryAfter !== null) response.set("Retry-After", String(retryAfter));
  response.status(status).type("application/problem+json").send(JSON.stringify(problem));
};

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof WriteRefused) return new Problem(error.status, error.message);
  if (error instanceof StorageAway) return new Problem(error.status, error.message);
  // What is published outside of a transaction waits for the log, too. Who is online and who types is published again.
  if (error instanceof AppendError) return new Problem(503, "The chat cannot write now; try again in a moment.");
  const status = statusOf(error);
  if (status === 413) return new Problem(413, "Expected a body of at most 64 KiB.");
  // The parsers of body and path have refused it: it is not JSON, has an unknown charset, or a bad percent sign.
  if (status >= 400 && status < 500) {
    return new Problem(400, "Expected a well-formed request with a JSON body, got one that cannot be read.");
  }
  return new Problem(500, "Something went wrong on the server.");
}

function statusOf(error: unknown): number {
  const status = error instanceof Error && "status" in error ? error.status : 500;
  return typeof status === "number" ? status : 500;
}
