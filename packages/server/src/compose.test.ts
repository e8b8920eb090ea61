import { memoryLog } from "@tidings/log";
import { expect, test } from "vitest";
import { chat } from "../test/test-hub.ts";
import { compose } from "./compose.ts";

const given = { authorize: () => true, snapshot: { room: () => ({ texts: [] }) } };

test.each([
  ["hosts", { hosts: ["http://a.example"] }],
  ["cors", { cors: { origins: ["a.example"] } }],
  ["keep", { keep: { channels: { halls: {} } } }],
  ["limits", { limits: { channels: 0 } }],
  ["heartbeat", { heartbeat: 1 }],
  ["snapshot", { snapshot: {} }],
])("a hub with bad %s is refused, and does not listen to the log", (_name, options) => {
  const log = memoryLog();
  let watches = 0;
  const watched = {
    ...log,
    watch(wake: () => void) {
      watches++;
      return log.watch(wake);
    },
  };
  const make = (more: object) => compose(chat, { ...given, log: watched, ...more });
  expect(() => make(options)).toThrow(TypeError);
  expect(watches).toBe(0);
  make({}).closing.abort();
  expect(watches).toBe(1);
});
