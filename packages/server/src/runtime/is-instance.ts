/**
 * Whether something thrown is of a class. Applications throw anything, and `instanceof` asks a proxy, which may throw
 * in its turn: that must not end the work that has caught it.
 */
export function isInstance<Each>(thrown: unknown, kind: abstract new (...args: never[]) => Each): thrown is Each {
  try {
    return thrown instanceof kind;
  } catch {
    return false;
  }
}
