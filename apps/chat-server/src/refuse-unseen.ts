import { Problem } from "./problem.ts";

/**
 * Nobody overwrites what they have not seen. Call it in the transaction that writes.
 *
 * @param expected what the page has shown; undefined if it does not say
 * @throws Problem 409 if something else is there
 */
export function refuseUnseen(what: string, current: string, expected: string | undefined): void {
  if (expected === undefined || expected === current) return;
  const got = `got ${JSON.stringify(current)}, which somebody has written meanwhile`;
  throw new Problem(409, `Expected the ${what} to be ${JSON.stringify(expected)}, ${got}; nothing is saved.`);
}
