import { inspect } from "node:util";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { lobby, openTestHub } from "../../test/test-hub.ts";

const LOBBY = "channel=rooms/lobby";

/** Lets a function take the place of the console, and notes what nobody has caught. */
function watchProcess(print: (...given: unknown[]) => void): { readonly unhandled: unknown[] } {
  const spy = vi.spyOn(console, "error").mockImplementation(print);
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => void unhandled.push(error);
  process.on("unhandledRejection", note);
  onTestFinished(() => {
    spy.mockRestore();
    process.off("unhandledRejection", note);
  });
  return { unhandled };
}

const fail = (): never => expect.unreachable("nobody can read this");

describe("the trace", () => {
  test("follows one event from publish to write", async () => {
    const { connect, say, records } = await openTestHub({ debug: true });
    await connect(LOBBY);
    const [, id] = await say("a", "b");
    expect(
      records.filter((record) => record.id === id).map(({ event, channel: path, type }) => [event, path, type]),
    ).toEqual([
      ["publish", "rooms/lobby", "message"],
      ["ring", "rooms/lobby", "message"],
      ["write", "rooms/lobby", "message"],
    ]);
  });

  test("does not report events unless debug is on", async () => {
    const { connect, say, records } = await openTestHub();
    await connect(LOBBY);
    await say("a");
    expect(records).toEqual([]);
  });

  test("never holds credentials, tokens or data", async () => {
    const secrets = ["bearer-secret", "cookie-secret", "query-secret", "data-secret", "state-secret"];
    const { connect, page, say, clock, log, records } = await openTestHub({
      debug: true,
      limits: { ringEntries: 1 },
      snapshot: { room: () => ({ texts: ["state-secret"] }) },
    });
    const headers = { authorization: "Bearer bearer-secret", cookie: "session=cookie-secret" };
    const [first = ""] = await say("data-secret", "data-secret", "data-secret");
    const { control } = await connect(`${LOBBY}&after=${first}&token=query-secret`, { headers });
    await page(`${LOBBY}&snapshot&token=query-secret`, { headers });
    log.fails = true;
    await page(`${LOBBY}&token=query-secret`, { headers });
    log.fails = false;
    await page(`channel=rooms/%2e&token=query-secret`, { headers });
    await clock.advance(20_000);
    control.closed();
    expect(records.length).toBeGreaterThan(5);
    const text = JSON.stringify(records, (_, value: unknown) =>
      value instanceof Error ? `${value.message} ${value.stack}` : value,
    );
    for (const secret of secrets) expect(text).not.toContain(secret);
  });

  test("reports which state does not fit the contract, without its data", async () => {
    const { page, records } = await openTestHub({ snapshot: { room: () => ({ texts: "state-secret" }) as never } });
    const { status } = await page(`${LOBBY}&snapshot`);
    expect(status).toBe(500);
    expect(records).toEqual([expect.objectContaining({ event: "hook-failed", detail: "snapshot" })]);
    expect(inspect(records, { depth: 10, showHidden: true })).not.toContain("state-secret");
  });

  test("warns when retention is under a minute (law 12)", async () => {
    const { records } = await openTestHub({ keep: { age: 59_000 } });
    expect(records).toEqual([expect.objectContaining({ level: "warn", event: "retention" })]);
  });

  test("has ten errors of a hook in a minute, for however many readers it fails", async () => {
    let isBroken = false;
    const { hub, connect, page, clock, records } = await openTestHub({
      authorize: () => {
        if (isBroken) throw new Error("no database");
        return true;
      },
    });
    for (let reader = 0; reader < 1_000; reader++) await connect(LOBBY);
    isBroken = true;
    await hub.recheck({ address: lobby });
    await clock.settle();
    const ofRechecks = records.filter(({ detail }) => detail === "authorize");
    expect([ofRechecks.length, hub.stats().connections]).toEqual([10, 0]);
    for (let request = 0; request < 20; request++) await page(LOBBY);
    expect(records.filter(({ event }) => event === "request-failed")).toHaveLength(10);
    await clock.advance(60_000);
    await page(LOBBY);
    expect(records.at(-1)).toMatchObject({ event: "request-failed", omitted: 10 });
  });

  test.each<readonly [what: string, thrown: unknown]>([
    ["has a stack", Object.defineProperty(new Error("x"), "stack", { get: fail })],
    ["has a message", Object.defineProperty(new Error("x"), "message", { get: fail })],
    ["prints itself", { [inspect.custom]: fail }],
  ])("goes to the console also if the thrown error %s in a way that throws, and ends no process", async (_, thrown) => {
    const printed: string[] = [];
    const { unhandled } = watchProcess((...given) => printed.push(inspect(given)));
    // Without onLog.
    const { page } = await openTestHub({
      onLog: undefined as never,
      authorize: () => {
        throw thrown;
      },
    });
    expect((await page(LOBBY)).status).toBe(500);
    await new Promise<void>((resolve) => void setImmediate(resolve));
    expect(unhandled).toEqual([]);
    expect(printed).toEqual([expect.stringContaining("tidings: request-failed")]);
  });

  test.each([
    ["without onLog", undefined],
    ["with an onLog that fails", () => fail()],
  ])("ends no process if the console throws: %s", async (_, onLog) => {
    const { unhandled } = watchProcess(fail);
    const { page } = await openTestHub({
      onLog: onLog as never,
      authorize: () => {
        throw new Error("no database");
      },
    });
    expect((await page(LOBBY)).status).toBe(500);
    await new Promise<void>((resolve) => void setImmediate(resolve));
    expect(unhandled).toEqual([]);
  });
});
