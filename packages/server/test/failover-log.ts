import type { Appended, Entry, Hole, NewEntry, Page } from "@tidings/log";
import type { Cursor } from "@tidings/protocol";
import { WatchedLog } from "./watched-log.ts";

/** A log that fails over: it loses its newest entries, and goes on in another epoch (law 4). It knows no `latest`. */
export class FailoverLog extends WatchedLog {
  #entries: Entry[] = [];
  #epochs = [{ epoch: "e0", end: Infinity }];
  #isTellingAll = true;

  /** Loses the newest entries. */
  failOver(lost: number): void {
    this.#entries = this.#entries.slice(0, this.#entries.length - lost);
    const last = this.#epochs.at(-1);
    if (last !== undefined) last.end = this.#entries.length;
    this.#epochs.push({ epoch: `e${this.#epochs.length}`, end: Infinity });
  }

  /** Another log takes its place, without any entry. It has no channel to name in the holes of all channels. */
  replace(): void {
    this.#entries = [];
    this.#epochs = [{ epoch: "other", end: Infinity }];
    this.#isTellingAll = false;
  }

  override async append(batch: readonly NewEntry[]): Promise<readonly Appended[]> {
    const { epoch } = await this.head();
    const appended = batch.map(({ channel, type, mode, data }) => {
      const entry: Entry = { epoch, seq: this.#entries.length + 1, channel, type, mode, data, at: 0 };
      this.#entries.push(entry);
      return { cursor: { epoch, seq: entry.seq }, duplicate: false };
    });
    if (!this.muted) this.ring();
    return appended;
  }

  override async read(after: Cursor, channels: readonly string[] | null): Promise<Page> {
    this.calls["read"] = (this.calls["read"] ?? 0) + 1;
    if (channels !== null) this.ownReads++;
    const next = await this.head();
    const known = this.#epochs.find(({ epoch }) => epoch === after.epoch);
    if (known === undefined || after.seq > Math.min(known.end, next.seq)) {
      const reason = known === undefined ? "reset" : "lost";
      const named = channels ?? (this.#isTellingAll ? this.#entries.map(({ channel }) => channel) : []);
      const holes = [...new Set(named)].map((channel): Hole => ({ channel, reason, to: next.seq }));
      return { entries: [], next, more: false, holes };
    }
    const entries = this.#entries.filter(
      ({ seq, channel }) => seq > after.seq && (channels === null || channels.includes(channel)),
    );
    return { entries, next, more: false, holes: [] };
  }

  override async recent(): Promise<Page> {
    return { entries: [], next: await this.head(), more: false, holes: [] };
  }

  override async current(): Promise<Page> {
    return { entries: [], next: await this.head(), more: false, holes: [] };
  }

  override async head(): Promise<Cursor> {
    return { epoch: this.#epochs.at(-1)?.epoch ?? "", seq: this.#entries.length };
  }
}
