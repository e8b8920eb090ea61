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

test("Node's own driver is preferred", () => {
  const driver = findDriver({ builtin: () => ({ DatabaseSync: Database }), load: () => expect.unreachable() });
  expect(driver.name).toBe("node:sqlite");
  expect(driver.open("a.db")).toEqual(new Database("a.db"));
});

test("libsql is used if Node has no driver", () => {
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

test("from Node 22.13 on it is node:sqlite, before that libsql", () => {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  expect(findDriver().name).toBe(major > 22 || (major === 22 && minor >= 13) ? "node:sqlite" : "libsql");
});
