/**
 * Whether two values say the same, as far as that is sure: texts, numbers, dates, lists and plain objects are compared
 * by what they hold. Anything else, such as an instance of a class, equals only itself.
 */
export function isEqual(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  const prototype = prototypeOf(one);
  if (prototype === undefined || prototype !== prototypeOf(other)) return false;
  if (one instanceof Date && other instanceof Date) return Object.is(one.getTime(), other.getTime());
  if (prototype !== null && prototype !== Object.prototype && prototype !== Array.prototype) return false;
  // Safe: both are objects.
  const [first, second] = [one, other] as Readonly<Record<string, unknown>>[];
  const keys = Object.keys(first ?? {});
  if (keys.length !== Object.keys(second ?? {}).length) return false;
  return keys.every((key) => Object.hasOwn(second ?? {}, key) && isEqual(first?.[key], second?.[key]));
}

/** Undefined if the value is not an object. */
function prototypeOf(value: unknown): unknown {
  return typeof value === "object" && value !== null ? Object.getPrototypeOf(value) : undefined;
}
