import { PublishError } from "@tidings/server";
import type { Actor, ActorWorld } from "./actor.ts";
import { board } from "./contract.ts";
import type { Random } from "./random.ts";
import type { Server } from "./server.ts";

const EDITORS = 3;
/** A hub reads its log at least once in so many milliseconds. */
const POLL = 1_050;
/** The most milliseconds between two edits of one editor. */
const THINKS = 600;

/** The value that an editor goes by. */
interface Known {
  readonly n: number;
  readonly id: string;
}

/** Several programs that read the score of the board, and replace it only if nobody was faster. */
export class Editors implements Actor {
  readonly #world: ActorWorld;
  readonly #random: Random;
  readonly #editors: Editor[];
  /** By number of an edit: that of the value which its editor has read; null if there was none. */
  readonly #read = new Map<number, number | null>();
  /** Edits that the log has refused. */
  readonly #refused = new Set<number>();
  #cancelTimers: (() => void)[] = [];

  constructor(world: ActorWorld, random: Random) {
    this.#world = world;
    this.#random = random;
    this.#editors = Array.from({ length: EDITORS }, () => new Editor(world));
    for (const [at, editor] of this.#editors.entries()) this.#think(editor, at);
  }

  get isDone(): boolean {
    return true;
  }

  /** Of several who go by the same value, one succeeds. */
  async prove(): Promise<void> {
    const world = this.#world;
    for (const editor of this.#editors) editor.follow();
    // An editor that begins again has its values after a poll, also after a failover.
    await world.clock.advance(POLL);
    for (const editor of this.#editors) editor.follow();
    await world.clock.advance(POLL);
    const results = await Promise.all(this.#editors.map((editor) => this.#edit(editor)));
    const done = results.filter(Boolean).length;
    if (done !== 1) world.onViolation(`of several edits of one value one succeeds: ${done} did`);
  }

  judge(): string | null {
    const edits = this.#world.truth.facts.filter(({ path, type }) => path === board.path && type === "score");
    for (const [index, { n, tick }] of edits.entries()) {
      if (this.#refused.has(n)) return `a conflict publishes nothing: ${n} is in the log`;
      const before = edits.slice(0, index).findLast(({ lostTick }) => lostTick > tick);
      const read = this.#read.get(n) ?? null;
      if (read !== (before?.n ?? null)) return `no update is lost: ${n} replaces ${before?.n}, and has read ${read}`;
    }
    return null;
  }

  leave(): void {
    for (const cancel of this.#cancelTimers) cancel();
    for (const editor of this.#editors) editor.leave();
  }

  #think(editor: Editor, at: number): void {
    this.#cancelTimers[at] = this.#world.clock.setTimeout(() => {
      if (!this.#world.isCalm) void this.#edit(editor);
      this.#think(editor, at);
    }, this.#random() * THINKS);
  }

  /** @returns whether it was published */
  async #edit(editor: Editor): Promise<boolean> {
    const { counts } = this.#world;
    editor.follow();
    const { known, server } = editor;
    const n = this.#world.events.nextNumber();
    this.#read.set(n, known?.n ?? null);
    try {
      await server.hub.publish(board, "score", { n }, { expects: known?.id ?? null });
      counts.add("edit");
      return true;
    } catch (error) {
      // Any other error may be of an edit that was stored.
      if (!(error instanceof PublishError)) return false;
      counts.add("conflict");
      this.#refused.add(n);
      return false;
    }
  }
}

/** One program that follows the score on a server. */
class Editor {
  server: Server;
  known: Known | null = null;
  readonly #world: ActorWorld;
  #isFollowing = false;
  #leave = new AbortController();

  constructor(world: ActorWorld) {
    this.#world = world;
    this.server = world.server;
  }

  /** Follows the score, on another server if its own is gone. */
  follow(): void {
    const { servers, server } = this.#world;
    if (this.#isFollowing && servers.includes(this.server)) return;
    this.#leave.abort();
    this.#leave = new AbortController();
    this.server = server;
    this.#isFollowing = true;
    void this.#read(server, this.#leave.signal);
  }

  leave(): void {
    this.#leave.abort();
  }

  async #read({ hub }: Server, signal: AbortSignal): Promise<void> {
    for await (const item of hub.events(board, { after: null, signal })) {
      // The values from before it do not come again in this loop.
      if (item.kind === "gap") break;
      if (item.kind === "event" && item.type === "score") this.known = { n: item.data.n, id: item.cursor };
    }
    if (signal.aborted) return;
    this.known = null;
    this.#isFollowing = false;
  }
}
