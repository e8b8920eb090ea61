import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { onTestFinished } from "vitest";

/** Kills a child process when the test has finished. Returns what kills it earlier and resolves when it is gone. */
export function killWithTest(child: ChildProcess): () => Promise<void> {
  const closed = once(child, "close");
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await closed;
  };
  onTestFinished(kill);
  return kill;
}
