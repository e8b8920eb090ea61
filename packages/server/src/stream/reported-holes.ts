import type { Hole } from "@tidings/log";

/** The holes that a reader has been told about. A page that begins before the end of such a hole names it again. */
export class ReportedHoles {
  /** By path: the end of the last reported hole. Made when there is one. */
  #endByPath: Map<string, number> | null = null;

  /** The holes that the reader has not been told about. They count as reported from now on. */
  takeNew(holes: readonly Hole[]): readonly Hole[] {
    if (holes.length === 0) return holes;
    const endByPath = (this.#endByPath ??= new Map());
    const unreported = holes.filter(({ channel, to }) => to > (endByPath.get(channel) ?? 0));
    for (const { channel, to } of unreported) endByPath.set(channel, to);
    return unreported;
  }

  forget(): void {
    this.#endByPath = null;
  }
}
