/** What a function answers at once, or later. Most hooks of applications answer at once. */
export type HookAnswer<Result> = Result | Promise<Result>;

/**
 * What a function of the application has answered. Whatever has a `then` is waited for, as `await` does. It becomes a
 * promise here: the `then` of others may return nothing, so nobody could wait for what follows it.
 */
export function toHookAnswer<Result>(given: Result | PromiseLike<Result>): HookAnswer<Result> {
  // Plain JavaScript may answer anything.
  const answer: unknown = given;
  const isLater =
    typeof answer === "object" && answer !== null && "then" in answer && typeof answer.then === "function";
  return isLater ? settled(given) : (given as Result);
}

/** Not `Promise.resolve`, which returns a promise as it is, also one with a `then` of its own. */
async function settled<Result>(given: Result | PromiseLike<Result>): Promise<Result> {
  return await given;
}

/** Whether an answer is still to come. */
export function isPending<Result>(answer: HookAnswer<Result>): answer is Promise<Result> {
  return answer instanceof Promise;
}
