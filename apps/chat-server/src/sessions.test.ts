import { expect, test } from "vitest";
import { COOKIE, createSessions } from "./sessions.ts";

test("a session ends after thirty days, even if the browser still sends its cookie", () => {
  let now = 0;
  const sessions = createSessions({ secret: "secret", hasEnded: () => false, now: () => now });
  const header = `other=1; ${COOKIE}=${sessions.begin("ada")}`;
  expect(sessions.read(header)).toMatchObject({ id: "ada", expiresAt: 30 * 24 * 60 * 60 * 1_000 });
  now = 30 * 24 * 60 * 60 * 1_000;
  expect(sessions.read(header)).toBeNull();
});

test("the end of one session does not end another session of the same person", () => {
  const ended = new Set<string>();
  const sessions = createSessions({ secret: "secret", hasEnded: (sessionId) => ended.has(sessionId) });
  const [first, second] = [`${COOKIE}=${sessions.begin("ada")}`, `${COOKIE}=${sessions.begin("ada")}`];
  ended.add(sessions.read(first)?.sessionId ?? "");
  expect(sessions.read(first)).toBeNull();
  expect(sessions.read(second)).toMatchObject({ id: "ada" });
});

test("a missing header, a missing cookie and a name that is no longer allowed give no person", () => {
  const sessions = createSessions({ secret: "secret", hasEnded: () => false });
  for (const value of ["=", COOKIE, `${COOKIE}=`, `${COOKIE}=%`, `${COOKIE}=${sessions.begin("龍".repeat(40))}`]) {
    expect(sessions.read(value)).toBeNull();
  }
  for (const header of [undefined, null, ""]) expect(sessions.read(header)).toBeNull();
});
