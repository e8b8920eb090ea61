import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/** Waits for the next message of a process. @throws Error if the process ends */
export async function answerOf(child: ChildProcess): Promise<unknown> {
  const over = new AbortController();
  const ended = once(child, "exit", { signal: over.signal }).then(() => {
    throw new Error("Expected an answer from a process, but it has ended.");
  });
  try {
    const [answer] = (await Promise.race([once(child, "message", { signal: over.signal }), ended])) as [unknown];
    return answer;
  } finally {
    ended.catch(() => {});
    over.abort();
  }
}
