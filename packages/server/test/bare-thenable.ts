/** What plain JavaScript may return for a promise: its `then` returns nothing. Its result is made a little later. */
export function bareThenable<Result>(resultOf: () => Result): Promise<Result> {
  const then = (resolve: (result: Result) => void): void => queueMicrotask(() => resolve(resultOf()));
  // Safe: an `await` of it gets the result, as of a promise.
  // oxlint-disable-next-line no-thenable -- it is meant to be awaited
  return { then } as unknown as Promise<Result>;
}

/** The same as a promise of the platform to which somebody has given a `then`, as tools that trace calls do. */
export function patchedPromise<Result>(resultOf: () => Result): Promise<Result> {
  return Object.assign(
    (async () => {
      for (let turns = 0; turns < 20; turns++) await Promise.resolve();
      return resultOf();
    })(),
    // oxlint-disable-next-line no-thenable -- it is meant to be awaited
    { then: () => {} },
  );
}
