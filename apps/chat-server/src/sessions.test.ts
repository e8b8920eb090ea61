import { expect, test } from "vitest";
import { COOKIE, createSessions } from "./sessions.ts";

test("a session ends after thirty days, even when a browser goes on sending its cookie", () => {
  let now = 0;
  const sessions = createSessions("secret", () => now);
  const header = `other=1; ${COOKIE}=${sessions.begin("ada")}`;
  expect(sessions.read(header)).toMatchObject({ id: "ada", expiresAt: 30 * 24 * 60 * 60 * 1_000 });
  now = 30 * 24 * 60 * 60 * 1_000;
  expect(sessions.read(header)).toBeNull();
});

test("one session that ends leaves the other of the same person", () => {
  const sessions = createSessions("secret");
  const [first, second] = [`${COOKIE}=${sessions.begin("ada")}`, `${COOKIE}=${sessions.begin("ada")}`];
  const person = sessions.read(first);
  if (person === null) throw new Error("Expected a session that was just begun.");
  sessions.end(person);
  expect(sessions.read(first)).toBeNull();
  expect(sessions.read(second)).toMatchObject({ id: "ada" });
});

test("no header and no cookie are nobody", () => {
  const sessions = createSessions("secret");
  for (const header of [undefined, null, "", "=", COOKIE, `${COOKIE}=`, `${COOKIE}=%`])
    expect(sessions.read(header)).toBeNull();
});
