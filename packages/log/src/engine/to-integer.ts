/** The nearest integer that a storage can hold and count with: limits may be Infinity, or have a fraction. */
export function toInteger(value: number): number {
  return Math.min(Math.ceil(value), Number.MAX_SAFE_INTEGER);
}
