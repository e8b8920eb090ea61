import { expect, test } from "vitest";
import { findDriver } from "./driver.ts";

class Database {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }
}

function captured(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

test("the driver of Node itself is preferred", () => {
  const driver = findDriver({ builtin: () => ({ DatabaseSync: Database }), load: () => expect.unreachable() });
  expect(driver.name).toBe("node:sqlite");
  expect(driver.open("a.db")).toEqual(new Database("a.db"));
});

test("a Node without it takes libsql", () => {
  const driver = findDriver({ builtin: () => undefined, load: () => Database });
  expect(driver.name).toBe("libsql");
  expect(driver.open("a.db")).toEqual(new Database("a.db"));
});

test("without either, the error says which package to install", () => {
  const cause = new Error("Cannot find module 'libsql'");
  const load = () => {
    throw cause;
  };
  const failure = captured(() => findDriver({ builtin: () => undefined, load }));
  expect(failure).toMatchObject({ message: expect.stringContaining("npm install libsql") as string, cause });
});

test("on this Node, it is the one that the versions of Node say", () => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  expect(findDriver().name).toBe(major > 22 || (major === 22 && minor >= 13) ? "node:sqlite" : "libsql");
});
