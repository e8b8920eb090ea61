/**
 * The streams that presence does not show, since a server had no room for their address. Their end is not the end of
 * another stream of the same viewer, which came when there was room.
 */
export class StreamsWithoutRoom {
  readonly #counts = new Map<string, number>();

  add(path: string, viewer: string): void {
    const key = keyOf(path, viewer);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** Forgets one stream. Returns whether there was one. */
  remove(path: string, viewer: string): boolean {
    const key = keyOf(path, viewer);
    const count = this.#counts.get(key);
    if (count === undefined) return false;
    if (count === 1) this.#counts.delete(key);
    else this.#counts.set(key, count - 1);
    return true;
  }
}

/** A path has no space. */
function keyOf(path: string, viewer: string): string {
  return `${path} ${viewer}`;
}
