/** By path: only what comes after this `seq` is owed. A path without a bound is not followed. */
export interface LowerBounds {
  readonly size: number;
  has(path: string): boolean;
  get(path: string): number | undefined;
  keys(): Iterable<string>;
  values(): Iterable<number>;
}

/** The same, and a path can leave. */
export interface LeavableBounds extends LowerBounds {
  /** Whether the path was followed. */
  delete(path: string): boolean;
}

/** @param seqOf the bound of a path */
export function lowerBounds(paths: readonly string[], seqOf: (path: string) => number): LeavableBounds {
  const [only] = paths;
  if (paths.length === 1 && only !== undefined) return new OneBound(only, seqOf(only));
  return new Map(paths.map((path) => [path, seqOf(path)]));
}

/** The bound of the only path of a stream, as most streams have. A map would take several times the memory. */
class OneBound implements LeavableBounds {
  #path: string | null;
  readonly #seq: number;

  constructor(path: string, seq: number) {
    this.#path = path;
    this.#seq = seq;
  }

  get size(): number {
    return this.#path === null ? 0 : 1;
  }

  has(path: string): boolean {
    return path === this.#path;
  }

  get(path: string): number | undefined {
    return path === this.#path ? this.#seq : undefined;
  }

  keys(): Iterable<string> {
    return this.#path === null ? [] : [this.#path];
  }

  values(): Iterable<number> {
    return this.#path === null ? [] : [this.#seq];
  }

  delete(path: string): boolean {
    if (path !== this.#path) return false;
    this.#path = null;
    return true;
  }
}
