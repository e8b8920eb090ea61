import { expect, test } from "vitest";
import { readLogSetting, type LogSetting } from "./log-setting.ts";

test.for<[text: string, setting: LogSetting]>([
  ["", { kind: "sqlite", path: "data/chat.db" }],
  ["memory", { kind: "memory" }],
  ["sqlite:rooms.db", { kind: "sqlite", path: "rooms.db" }],
  ["sqlite:/var/chat: new/rooms.db", { kind: "sqlite", path: "/var/chat: new/rooms.db" }],
  ["sqlite::memory:", { kind: "memory" }],
  ["postgres://app:p%40ss@db:5432/app", { kind: "postgres", url: "postgres://app:p%40ss@db:5432/app" }],
  ["postgresql://db/app", { kind: "postgres", url: "postgresql://db/app" }],
  ["redis://cache", { kind: "redis", url: "redis://cache", path: "data/chat.db" }],
  ["rediss://:secret@cache:6380", { kind: "redis", url: "rediss://:secret@cache:6380", path: "data/chat.db" }],
])("TIDINGS_LOG=%s is understood", ([text, setting]) => {
  expect(readLogSetting(text, "data/chat.db")).toEqual(setting);
});

test("the file that keeps nothing stays what it was", () => {
  expect(readLogSetting("", ":memory:")).toEqual({ kind: "memory" });
});

test.for([
  ["data/chat.db", 'not "data/chat.db"'],
  ["Memory", 'not "Memory"'],
  ["memory:", 'not "memory:"'],
  ["mysql://db/app", 'not "mysql://db/app"'],
  ["POSTGRES://app:secret@db/app", "not a text with POSTGRES://"],
  ["app:secret@db/app", "or memory, not the text that was given"],
  ["postgres//app:secret@db/app", "or memory, not the text that was given"],
  ["mysql://db/app?password=secret", "not a text with mysql://"],
  ["secret@db://app", "or memory, not the text that was given"],
  ["sqlite:", 'there is no path after "sqlite:"'],
  ["sqlite", 'there is no path after "sqlite:"'],
  ["postgres", "this URL has no host"],
  ["postgres:db/app", "this URL has no host"],
  ["postgres:///app", "this URL has no host"],
  ["redis://", "this URL has no host"],
  ["postgres://app:se cret@/x y", "this URL has no host"],
])("TIDINGS_LOG=%s is refused, with what is expected and what is wrong", ([text = "", reason = ""]) => {
  const read = () => readLogSetting(text, "data/chat.db");
  expect(read).toThrow(/^TIDINGS_LOG must be postgres:.*, redis:.*, sqlite:.* or memory/);
  expect(read).toThrow(reason);
  expect(read).not.toThrow("secret");
});
