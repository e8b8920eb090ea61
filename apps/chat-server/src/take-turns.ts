import type { RequestHandler } from "express";
import { createPause } from "./pause.ts";

/**
 * Lets as many requests begin in a turn of the event loop as there is time for. Node hands on all requests that have
 * come, from any number of sockets, in one turn, and SQLite answers at once: otherwise everybody else would wait until
 * the last of them is answered. A client that has left meanwhile gets no turn.
 *
 * After a commit on a slow disk, writes leave many turns to others. These requests are the others, so they do not.
 */
export function takeTurns(): RequestHandler {
  const pause = createPause({ turnsAfterBlock: 0 });
  let lastTurn = Promise.resolve();
  return async ({ socket }, _response, next) => {
    lastTurn = lastTurn.then(untilSettled).then(pause);
    await lastTurn;
    if (!socket.destroyed) next();
  };
}

/** Resolves when everything has run that needs no other turn: the request before, as far as SQLite has its rows. */
function untilSettled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
