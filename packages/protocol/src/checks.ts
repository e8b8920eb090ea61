/**
 * Checks an object that an application passes. A misspelt key must not be ignored: `adress` beside `viewer` would end
 * more than was meant.
 *
 * @param what names the object in the error, e.g. "the options of createHub"
 * @throws TypeError for anything but an object, and for an unknown key
 */
export function checkObject(what: string, value: unknown, knownKeys: readonly string[]): void {
  checkHasKeys(what, value);
  for (const key of Object.keys(value)) {
    if (!knownKeys.includes(key)) {
      throw new TypeError(`Expected one of ${knownKeys.join(", ")} in ${what}, got "${key}".`);
    }
  }
}

/** What {@link typeNameOf} may answer, as far as an application passes it. */
export type CheckedType = "string" | "boolean" | "number" | "function" | "object" | "array";

/**
 * Checks that a value is an object whose keys say what it holds. A promise that nobody has awaited has none, and a map
 * has none: what they hold would be ignored.
 *
 * @throws TypeError
 */
export function checkHasKeys(what: string, value: unknown): asserts value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`Expected ${what} to be an object, got ${typeNameOf(value)}.`);
  }
  const kind = Object.prototype.toString.call(value);
  if (kind === "[object Object]" || kind === "[object Module]") return;
  throw new TypeError(`Expected ${what} to be a plain object, got ${kind}.`);
}

/**
 * Checks an object of options.
 *
 * @param types the type of each option
 * @throws TypeError for anything but an object, for an unknown key, and for a value of another type
 */
export function checkOptions(what: string, value: object, types: Readonly<Record<string, CheckedType>>): void {
  checkObject(what, value, Object.keys(types));
  for (const [name, given] of Object.entries(value) as [string, unknown][]) {
    // Safe: an unknown key is refused above.
    checkType(name, given, types[name] as CheckedType);
  }
}

/** Checks that an object has methods. @throws TypeError that names the first one that it does not have */
export function checkMethods(name: string, value: unknown, methods: readonly string[]): void {
  // Safe: whatever it is, its members are only looked at.
  const members = Object(value) as Readonly<Record<string, unknown>>;
  const missing = methods.find((method) => typeof members[method] !== "function");
  if (missing === undefined) {
    return;
  }
  const got = Object(value) === value ? typeNameOf(members[missing]) : typeNameOf(value);
  throw new TypeError(`Expected "${name}" to have a method "${missing}", got ${got}; pass a ${name}.`);
}

/** The methods of a clock. */
export const CLOCK_METHODS: readonly string[] = ["now", "monotonic", "setTimeout", "defer"];

/** Checks the type of a value; undefined passes. @throws TypeError */
export function checkType(name: string, value: unknown, type: CheckedType): void {
  if (value === undefined || typeNameOf(value) === type) return;
  const article = type === "object" || type === "array" ? "an" : "a";
  throw new TypeError(`Expected "${name}" to be ${article} ${type}, got ${typeNameOf(value)}.`);
}

/** Checks an option. @throws TypeError when it is not a number from `least` to `most` */
export function checkRange(name: string, value: number, least: number, most: number): void {
  if (typeof value === "number" && value >= least && value <= most) return;
  // Programs without types may pass a text that looks like a number.
  const got = typeof value === "string" ? JSON.stringify(value) : String(value);
  throw new TypeError(`Expected "${name}" to be a number from ${least} to ${most}, got ${got}.`);
}

/** What `typeof` says, except that null and arrays are not objects. */
export function typeNameOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}
