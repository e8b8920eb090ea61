import { describe, expect, onTestFinished, test, vi } from "vitest";
import { VirtualClock } from "../../../testing/src/virtual-clock.ts";
import { Doorbell, POLL_INTERVAL, type BellConnection } from "./doorbell.ts";

/** A storage whose doorbell can be cut, silent or refused. */
class FakeStorage {
  readonly clock = new VirtualClock();
  wakes = 0;
  deaf = 0;
  /** What the application does when it is told. */
  onDeaf: () => unknown = () => {};
  attempts = 0;
  /** How often it has rung itself. */
  selfRings = 0;
  /** Nobody can connect. */
  isAway = false;
  /** Whoever listens hears nothing. */
  isSilent = false;
  /** Nothing comes through, neither answers nor ends. */
  isVanished = false;
  isRefusing = false;
  /** How long it takes until an append is done, in milliseconds. */
  delay = 0;
  readonly #listeners = new Map<() => void, () => void>();
  readonly doorbell: Doorbell;

  constructor(state: "works" | "silent" | "refusing" | "away" = "works") {
    this.isSilent = state === "silent";
    this.isRefusing = state === "refusing";
    this.isAway = state === "away";
    this.doorbell = new Doorbell({
      clock: this.clock,
      wake: () => this.wakes++,
      connect: () => this.#connect(),
      ring: () => (this.isVanished ? this.#noAnswer() : this.#ring()),
      isRefused: (error) => String(error).includes("refused"),
      onDeaf: () => {
        this.deaf++;
        return this.onDeaf();
      },
    });
  }

  get connections(): number {
    return this.#listeners.size;
  }

  append(): void {
    if (this.isSilent || this.isVanished) return;
    for (const hear of this.#listeners.keys()) hear();
  }

  cut(): void {
    for (const end of [...this.#listeners.values()]) end();
  }

  /** How often it wakes in so many milliseconds. */
  async wakesIn(milliseconds: number): Promise<number> {
    const before = this.wakes;
    await this.clock.advance(milliseconds);
    return this.wakes - before;
  }

  async #ring(): Promise<void> {
    this.selfRings++;
    if (this.isRefusing) throw new Error("refused");
    if (this.delay > 0) await new Promise<void>((resolve) => void this.clock.setTimeout(resolve, this.delay));
    this.append();
  }

  /** As an engine, which gives up after some time. */
  #noAnswer(): Promise<never> {
    return new Promise((_resolve, reject) => {
      this.clock.setTimeout(() => reject(new Error("no answer")), 4_000);
    });
  }

  /** Connections of before hear nothing any more, and others can be made. */
  reappear(): void {
    this.isVanished = false;
    this.#listeners.clear();
  }

  #connect(): BellConnection {
    this.attempts++;
    let end = (): void => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    let own = (): void => {};
    const close = (): void => {
      this.#listeners.delete(own);
      end();
    };
    return {
      ended,
      listen: async (hear) => {
        if (this.isAway) throw new Error("nobody there");
        if (this.isRefusing) throw new Error("refused");
        if (this.isVanished) {
          await ended;
          throw new Error("given up");
        }
        own = () => hear();
        this.#listeners.set(own, close);
      },
      close,
    };
  }
}

describe("a doorbell", () => {
  test("that hears itself polls no more, and wakes for each append", async () => {
    const storage = new FakeStorage();
    await storage.clock.settle();
    expect(storage.wakes).toBeGreaterThan(0);
    expect(await storage.wakesIn(10_000)).toBe(0);
    const before = storage.wakes;
    storage.append();
    expect([storage.wakes - before, storage.deaf]).toEqual([1, 0]);
  });

  test("that listens and hears nothing says so once, keeps no connection, and polls", async () => {
    const storage = new FakeStorage("silent");
    await storage.clock.advance(60_000);
    expect([storage.deaf, storage.connections, storage.attempts]).toEqual([1, 0, 1]);
    expect(await storage.wakesIn(10 * POLL_INTERVAL)).toBe(10);
  });

  test("that hears nothing tries again after minutes, says no more, and polls no more once it hears", async () => {
    const storage = new FakeStorage("silent");
    await storage.clock.advance(660_000);
    expect([storage.deaf, storage.connections, storage.attempts]).toEqual([1, 0, 3]);
    storage.isSilent = false;
    await storage.clock.advance(300_000);
    expect([storage.deaf, storage.connections, storage.attempts]).toEqual([1, 1, 4]);
    // It may test itself once.
    expect(await storage.wakesIn(10 * POLL_INTERVAL)).toBeLessThan(2);
  });

  test("that may not listen says so once, without another attempt, and polls", async () => {
    const storage = new FakeStorage("refusing");
    await storage.clock.advance(60_000);
    expect([storage.deaf, storage.attempts]).toEqual([1, 1]);
    expect(await storage.wakesIn(10 * POLL_INTERVAL)).toBe(10);
  });

  test("that has worked, and may not ring any more, says so and polls", async () => {
    const storage = new FakeStorage();
    await storage.clock.advance(5_000);
    storage.isRefusing = true;
    await storage.clock.advance(60_000);
    expect([storage.deaf, storage.connections]).toEqual([1, 0]);
    expect(await storage.wakesIn(10 * POLL_INTERVAL)).toBe(10);
  });

  test.for([
    ["silent", "throws", () => expect.unreachable("warning")],
    ["silent", "rejects", () => Promise.reject(new Error("warning"))],
    ["refusing", "throws", () => expect.unreachable("warning")],
    ["refusing", "rejects", () => Promise.reject(new Error("warning"))],
  ] as const)("that is %s says so once, also if who is told %s", async ([state, , onDeaf]) => {
    const reported = vi.spyOn(console, "error").mockImplementation(() => {});
    onTestFinished(() => reported.mockRestore());
    const storage = new FakeStorage(state);
    storage.onDeaf = onDeaf;
    await storage.clock.advance(60_000);
    expect([storage.deaf, storage.connections, storage.attempts]).toEqual([1, 0, 1]);
    expect(reported).toHaveBeenCalledOnce();
  });

  test("that is cut wakes at once and polls until it is back, with pauses that grow to a second", async () => {
    const storage = new FakeStorage();
    await storage.clock.settle();
    storage.isAway = true;
    const before = storage.wakes;
    storage.cut();
    await storage.clock.settle();
    expect(storage.wakes - before).toBe(1);
    expect(await storage.wakesIn(POLL_INTERVAL)).toBeGreaterThan(0);
    // 0.1, 0.2, 0.4 and 0.8 seconds, then one.
    await storage.clock.advance(60_000);
    const { attempts: many } = storage;
    await storage.clock.advance(60_000);
    expect(storage.attempts - many).toBe(60);
    storage.isAway = false;
    await storage.clock.advance(1_000);
    expect(storage.connections).toBe(1);
    expect(await storage.wakesIn(10_000)).toBe(0);
    // After that, the first pause is short again.
    const attempts = storage.attempts;
    storage.cut();
    await storage.clock.advance(100);
    expect(storage.attempts).toBe(attempts + 1);
    storage.append();
    expect(storage.deaf).toBe(0);
  });

  test("that is cut while it is tested tries again, and is not deaf", async () => {
    const storage = new FakeStorage("silent");
    await storage.clock.advance(1_000);
    storage.cut();
    storage.isSilent = false;
    await storage.clock.advance(3_000);
    expect([storage.deaf, storage.attempts, storage.connections]).toEqual([0, 2, 1]);
  });

  test("whose storage is slow when it is tested is not deaf: its ring comes late, too", async () => {
    const storage = new FakeStorage();
    storage.delay = 3_000;
    await storage.clock.advance(10_000);
    expect([storage.deaf, storage.attempts, storage.connections]).toEqual([0, 1, 1]);
    expect(await storage.wakesIn(4_000)).toBe(0);
  });

  test("that is cut while its storage is slow listens again", async () => {
    const storage = new FakeStorage();
    storage.delay = 50;
    storage.cut();
    await storage.clock.advance(10_000);
    expect([storage.deaf, storage.attempts, storage.connections]).toEqual([0, 2, 1]);
  });

  test("that hears nothing for a while rings itself once in that time, unless others ring", async () => {
    const storage = new FakeStorage();
    await storage.clock.advance(1_000);
    const before = storage.selfRings;
    await storage.clock.advance(60_000);
    expect(storage.selfRings - before).toBe(4);
    for (let second = 0; second < 60; second++) {
      storage.append();
      await storage.clock.advance(1_000);
    }
    expect([storage.selfRings - before, storage.attempts]).toEqual([4, 1]);
  });

  test("whose connection dies without an end polls, listens again, and is never deaf", async () => {
    const storage = new FakeStorage();
    await storage.clock.advance(1_000);
    storage.isVanished = true;
    // An interval, and the test, which waits for the answer of the engine.
    await storage.clock.advance(15_000 + 4_000 + POLL_INTERVAL);
    expect(await storage.wakesIn(10 * POLL_INTERVAL)).toBeGreaterThanOrEqual(10);
    // Attempts are given up, too.
    await storage.clock.advance(600_000);
    expect(storage.attempts).toBeGreaterThan(50);
    storage.reappear();
    await storage.clock.advance(11_000);
    expect(storage.connections).toBe(1);
    expect(await storage.wakesIn(10_000)).toBe(0);
    storage.isSilent = true;
    await storage.clock.advance(60_000);
    storage.isSilent = false;
    await storage.clock.advance(5_000);
    expect([storage.connections, storage.deaf]).toEqual([1, 0]);
    expect(await storage.wakesIn(10_000)).toBe(0);
  });

  test.for(["works", "silent", "away"] as const)(
    "that is closed leaves nothing behind: one that is %s",
    async (state) => {
      const storage = new FakeStorage(state);
      await storage.clock.advance(1_000);
      await storage.doorbell.close();
      await storage.clock.settle();
      expect([storage.clock.pending, storage.connections]).toEqual([0, 0]);
      expect(await storage.wakesIn(10_000)).toBe(0);
      expect(storage.deaf).toBe(0);
    },
  );
});
