import type { Address } from "@tidings/contract";
import type { RunClient } from "./run-client.ts";

/**
 * Finds the active run of a chat. Without a connection, it waits for one.
 *
 * @returns its id; null if there is none
 * @throws Error if the server refuses the chat, and the reason of the signal when that is aborted
 */
export async function findActiveRun(
  client: RunClient,
  chat: Address,
  signal: AbortSignal | undefined,
): Promise<string | null> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    let found: string | null = null;
    const subscription = client.subscribe(chat, {
      activeRun: ({ runId }) => void (found = runId),
      onGap: () => {},
      onClose: (reason) => finish(() => reject(new Error(`Expected to read ${chat.path}, got "${reason}".`))),
    });
    // A subscription is live when it has the current values.
    const look = () => {
      if (subscription.status.value.state === "live") finish(() => resolve(found));
    };
    const abort = () => finish(() => reject(signal?.reason));
    const removeListener = subscription.status.subscribe(look);
    signal?.addEventListener("abort", abort);

    function finish(settle: () => void): void {
      settle();
      signal?.removeEventListener("abort", abort);
      removeListener();
      subscription.close();
    }
    look();
  });
}
