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
  /** The one that holds most; null if there is only one. */
  largest(): Each | null;
}

export function createHeldParts<Each extends Holder>(): HeldParts<Each> {
  /** With what each holder had when it was counted. */
  const partsByHolder = new Map<Each, readonly Part[]>();
  const countByPart = new Map<Part, number>();
  let bytes = 0;
  return {
    bytes: () => bytes,

    add(holder) {
      if (holder.parts.length === 0 || partsByHolder.has(holder)) return;
      partsByHolder.set(holder, holder.parts);
      for (const part of holder.parts) {
        const count = countByPart.get(part) ?? 0;
        if (count === 0) bytes += part.bytes;
        countByPart.set(part, count + 1);
      }
    },

    remove(holder) {
      const parts = partsByHolder.get(holder) ?? [];
      partsByHolder.delete(holder);
      for (const part of parts) {
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
      if (partsByHolder.size < 2) return null;
      const size = (holder: Each): number => bytesOf(partsByHolder.get(holder) ?? []);
      return [...partsByHolder.keys()].reduce((most, each) => (size(each) > size(most) ? each : most));
    },
  };
}

/** How many bytes the parts have together. */
export function bytesOf(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + part.bytes, 0);
}
