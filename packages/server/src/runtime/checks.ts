/**
 * Checks an object that an application passes. A misspelt key must not be ignored: `adress` beside `viewer` would end
 * more than was meant.
 *
 * @param what names the object in the error, e.g. "the options of createHub"
 * @throws TypeError for anything but an object, and for an unknown key
 */
export function checkObject(what: string, value: unknown, knownKeys: readonly string[]): void {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`Expected ${what} to be an object, got ${typeNameOf(value)}.`);
  }
  for (const key of Object.keys(value)) {
    if (!knownKeys.includes(key)) {
      throw new TypeError(`Expected one of ${knownKeys.join(", ")} in ${what}, got "${key}".`);
    }
  }
}

/** Checks the type of a value; undefined passes. @throws TypeError */
export function checkType(
  name: string,
  value: unknown,
  type: "string" | "boolean" | "number" | "function" | "object" | "array",
): void {
  if (value === undefined || typeNameOf(value) === type) return;
  const article = type === "object" || type === "array" ? "an" : "a";
  throw new TypeError(`Expected "${name}" to be ${article} ${type}, got ${typeNameOf(value)}.`);
}

/** Checks an option. @throws TypeError when it is not a number from `least` to `most` */
export function checkRange(name: string, value: number, least: number, most: number): void {
  if (typeof value === "number" && value >= least && value <= most) return;
  throw new TypeError(`Expected "${name}" to be a number from ${least} to ${most}, got ${String(value)}.`);
}

/** What `typeof` says, except that null and arrays are not objects. */
export function typeNameOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

/**
 * Whether a value is a promise. A function that has to answer at once must not return one. Nobody else handles its
 * rejection, which would end the process.
 */
export function isUnwantedPromise(value: unknown): boolean {
  if (typeof value !== "object" || value === null || !("then" in value)) return false;
  void Promise.resolve(value).catch(() => {});
  return true;
}
