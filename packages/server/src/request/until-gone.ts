import { Refusal } from "./refusal.ts";

/**
 * Settles like `work`, or rejects as soon as the client has left. Nobody reads the answer then, and the work may go on
 * for others; but what this request has taken is given back.
 *
 * @throws Refusal when the client has left, and what the work throws
 */
export function untilGone<Result>(gone: AbortSignal, work: Promise<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(new Refusal(503, "unavailable", { detail: "The client has left." }));
    if (gone.aborted) leave();
    gone.addEventListener("abort", leave);
    void work.then(resolve, reject).finally(() => gone.removeEventListener("abort", leave));
  });
}
