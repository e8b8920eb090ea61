import type { Failure } from "../state/ending.ts";
import { StreamError } from "../stream-error.ts";
import type { SentFailure } from "./message.ts";

/** @param random those who hear of the same failure try again together, so that one request serves them all */
export function toSent({ error, ...ending }: Failure, random: number): SentFailure {
  return { ...ending, random, code: error.code, text: error.message };
}

export function fromSent({ code, text, ...ending }: SentFailure): Failure {
  return { ...ending, error: new StreamError(code, text) };
}
