import type { PageBody } from "@tidings/protocol";

/** Whether a page brings nothing. Its cursor shows no progress then: a server may say any number. */
export function isEmpty({ events, gap }: PageBody): boolean {
  return events.length === 0 && !gap;
}
