/** Something of a page that takes memory before the page is made. Several pages may hold the same part. */
export interface Part {
  readonly bytes: number;
}

/** What holds parts of a page. */
interface Holder {
  parts: readonly Part[];
}

/** The parts that pages without room hold. A part that several pages hold counts once. */
export interface HeldParts<Each extends Holder> {
  bytes(): number;
  /** Counts what the holder has now. A holder without parts does not count. */
  add(holder: Each): void;
  /** Does nothing for a holder that does not count. */
  remove(holder: Each): void;
  /** One of those that hold most: none holds twice as much. Null if there is only one. */
  largest(): Each | null;
}

/** What a holder has had when it was counted. */
interface Held<Each> {
  readonly parts: readonly Part[];
  /** The holders of about as many bytes. */
  readonly peers: Set<Each>;
}

export function createHeldParts<Each extends Holder>(): HeldParts<Each> {
  const heldBy = new Map<Each, Held<Each>>();
  /** By the number of binary digits of their bytes. There may be many holders: nobody must walk over all of them. */
  const bySize = Array.from({ length: 33 }, () => new Set<Each>());
  const countByPart = new Map<Part, number>();
  let bytes = 0;
  return {
    bytes: () => bytes,

    add(holder) {
      const { parts } = holder;
      if (parts.length === 0 || heldBy.has(holder)) return;
      const peers = bySize[32 - Math.clz32(bytesOf(parts))] ?? new Set();
      peers.add(holder);
      heldBy.set(holder, { parts, peers });
      for (const part of parts) {
        const count = countByPart.get(part) ?? 0;
        if (count === 0) bytes += part.bytes;
        countByPart.set(part, count + 1);
      }
    },

    remove(holder) {
      const held = heldBy.get(holder);
      heldBy.delete(holder);
      held?.peers.delete(holder);
      for (const part of held?.parts ?? []) {
        const count = (countByPart.get(part) ?? 1) - 1;
        if (count > 0) {
          countByPart.set(part, count);
        } else {
          countByPart.delete(part);
          bytes -= part.bytes;
        }
      }
    },

    largest() {
      if (heldBy.size < 2) return null;
      const [first = null] = bySize.findLast(({ size }) => size > 0) ?? [];
      return first;
    },
  };
}

/** How many bytes the parts have together. */
export function bytesOf(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + part.bytes, 0);
}
