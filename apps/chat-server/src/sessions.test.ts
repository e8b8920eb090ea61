import { expect, test } from "vitest";
import { COOKIE, createSessions } from "./sessions.ts";

test("a session ends after thirty days, even if the browser still sends its cookie", async () => {
  let now = 0;
  const sessions = createSessions({ secret: "secret", hasEnded: async () => false, now: () => now });
  const header = `other=1; ${COOKIE}=${sessions.begin("ada")}`;
  expect(await sessions.read(header)).toMatchObject({ id: "ada", expiresAt: 30 * 24 * 60 * 60 * 1_000 });
  now = 30 * 24 * 60 * 60 * 1_000;
  expect(await sessions.read(header)).toBeNull();
});

test("the end of one session does not end another session of the same person", async () => {
  const ended = new Set<string>();
  const sessions = createSessions({ secret: "secret", hasEnded: async ({ sessionId }) => ended.has(sessionId) });
  const [first, second] = [`${COOKIE}=${sessions.begin("ada")}`, `${COOKIE}=${sessions.begin("ada")}`];
  ended.add((await sessions.read(first))?.sessionId ?? "");
  expect(await sessions.read(first)).toBeNull();
  expect(await sessions.read(second)).toMatchObject({ id: "ada" });
});

test("a missing header, a missing cookie and a name that is no longer allowed give no person", async () => {
  const sessions = createSessions({ secret: "secret", hasEnded: async () => false });
  for (const value of ["=", COOKIE, `${COOKIE}=`, `${COOKIE}=%`, `${COOKIE}=${sessions.begin("龍".repeat(40))}`]) {
    expect(await sessions.read(value)).toBeNull();
  }
  for (const header of [undefined, null, ""]) expect(await sessions.read(header)).toBeNull();
});
