/** What plain JavaScript may return for a promise: its `then` returns nothing. Its result is made a little later. */
export function bareThenable<Result>(resultOf: () => Result): Promise<Result> {
  const then = (resolve: (result: Result) => void): void => queueMicrotask(() => resolve(resultOf()));
  // Safe: an `await` of it gets the result, as of a promise.
  // oxlint-disable-next-line no-thenable -- it is meant to be awaited
  return { then } as unknown as Promise<Result>;
}
