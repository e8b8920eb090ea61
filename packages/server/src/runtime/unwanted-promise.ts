/**
 * Whether a value is a promise. A function that has to answer at once must not return one. Nobody else handles its
 * rejection, which would end the process.
 */
export function isUnwantedPromise(value: unknown): boolean {
  if (typeof value !== "object" || value === null || !("then" in value)) return false;
  void Promise.resolve(value).catch(() => {});
  return true;
}
