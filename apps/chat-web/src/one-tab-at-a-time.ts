/** Milliseconds that a tab waits for another one. Nothing runs in that one while it shows a dialog of the browser. */
const PATIENCE = 15_000;

/**
 * Does the work after the work of the same name that other tabs have begun. If the browser has no locks, as on a page
 * that comes over plain HTTP from another machine, it does the work at once.
 */
export async function oneTabAtATime<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
  const { navigator }: { readonly navigator?: { readonly locks?: LockManager } } = globalThis;
  const locks = navigator?.locks;
  if (locks === undefined) return work();
  let hasBegun = false;
  try {
    return await locks.request(name, { signal: AbortSignal.timeout(PATIENCE) }, () => {
      hasBegun = true;
      return work();
    });
  } catch (error) {
    if (hasBegun) throw error;
    return work();
  }
}
