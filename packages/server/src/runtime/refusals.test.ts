import { describe, expect, test } from "vitest";
import { openTestHub } from "../../test/test-hub.ts";

const warnings = ({ records }: Awaited<ReturnType<typeof openTestHub>>) =>
  records.filter(({ level, event }) => level === "warn" && event === "refuse");

describe("a refusal", () => {
  test("by authorize is told to onLog, with the viewer, the channel and what to check", async () => {
    const hub = await openTestHub({ authenticate: () => ({ id: "ada" }), authorize: () => false });
    await hub.page("channel=rooms/lobby");
    expect(warnings(hub)).toEqual([
      expect.objectContaining({
        viewer: "ada",
        channel: "rooms/lobby",
        detail:
          "forbidden: authorize has refused. " +
          "If this viewer may read, check that it returns true or a grant in every case.",
      }),
    ]);
  });

  test("by authenticate is told, without anything of the request", async () => {
    const hub = await openTestHub({ authenticate: () => null });
    await hub.page("channel=rooms/lobby&ticket=secret", { headers: { authorization: "Bearer secret" } });
    const [warning] = warnings(hub);
    expect(warning?.detail).toMatch(/^unauthenticated: authenticate knows nobody\./);
    expect(JSON.stringify(warning)).not.toMatch(/secret|lobby/);
  });

  test("of a channel that the contract does not have is told", async () => {
    const hub = await openTestHub();
    await hub.connect("channel=rooms/lobby&channel=halls/big");
    expect(warnings(hub)).toEqual([
      expect.objectContaining({ channel: "halls/big", detail: expect.stringMatching(/^unknown: /) }),
    ]);
  });

  test("of a page of another origin is told, also to a hub that allows others, and never with the origin", async () => {
    const hub = await openTestHub({ cors: { origins: ["https://app.example"] } });
    await hub.page("channel=rooms/lobby", { headers: { origin: "https://app.example" } });
    expect(warnings(hub)).toEqual([]);
    await hub.page("channel=rooms/lobby", { headers: { origin: "https://secret.example" } });
    const [warning] = warnings(hub);
    expect(warning?.detail).toMatch(/^bad-origin: .* in the hub's cors/);
    expect(JSON.stringify(warning)).not.toContain("secret");
  });

  test("of a host that is not listed is told, and never with the host", async () => {
    const hub = await openTestHub({ hosts: ["app.example"] });
    await hub.page("channel=rooms/lobby", { headers: { host: "secret.example" } });
    const [warning, ...others] = warnings(hub);
    expect(warning?.detail).toMatch(/^bad-host: .* in the hub's hosts/);
    expect(JSON.stringify([warning, others])).not.toContain("secret");
    expect(others).toEqual([]);
  });

  test("is told at most once a minute for each reason, with the number of the others", async () => {
    const hub = await openTestHub({ authorize: () => false });
    for (let count = 0; count < 40; count++) await hub.page("channel=rooms/lobby");
    expect(warnings(hub)).toHaveLength(1);
    await hub.clock.advance(60_000);
    await hub.page("channel=rooms/lobby");
    expect(warnings(hub)[1]?.detail).toMatch(/Since the last report: 39 more\.$/);
  });
});
