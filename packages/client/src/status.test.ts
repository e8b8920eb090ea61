import { afterEach, expect, test, vi } from "vitest";
import { CONNECTING, watched, type Status } from "./status.ts";

afterEach(() => vi.unstubAllGlobals());

const at = (time: number): Status => ({ state: "retrying", reason: "network", since: 0, at: time });

test("a listener hears every change until it leaves, and nothing that is no change", () => {
  const { status, set } = watched<Status>(CONNECTING);
  const heard: Status[] = [];
  const leave = status.subscribe((value) => heard.push(value));
  const first = at(1);
  for (const value of [first, first, at(2)]) set(value);
  leave();
  set(at(3));
  expect(heard).toEqual([at(1), at(2)]);
  expect(status.value).toEqual(at(3));
});

test("nobody hears an old value after a newer one", () => {
  const { status, set } = watched<Status>(CONNECTING);
  const heard: Status[] = [];
  const newer = at(2);
  status.subscribe(() => set(newer));
  status.subscribe((value) => heard.push(value));
  set(at(1));
  expect(heard).toEqual([at(2)]);
});

test("a listener that was removed by another one hears nothing more", () => {
  const { status, set } = watched<Status>(CONNECTING);
  const heard: Status[] = [];
  status.subscribe(() => leave());
  const leave = status.subscribe((value) => heard.push(value));
  set(at(1));
  expect(heard).toEqual([]);
});

test.each([
  ["reportError", (report: (error: unknown) => void) => vi.stubGlobal("reportError", report)],
  ["console.error", (report: (error: unknown) => void) => vi.spyOn(console, "error").mockImplementation(report)],
])("a listener that throws or rejects keeps nobody from hearing, and %s gets its error", async (_, install) => {
  const reported: unknown[] = [];
  install((error) => reported.push(error));
  const { status, set } = watched<Status>(CONNECTING);
  const heard: Status[] = [];
  status.subscribe(() => {
    throw new Error("mine");
  });
  const rejecting = (): unknown => Promise.reject(new Error("later"));
  // Plain JavaScript may do that.
  status.subscribe(rejecting);
  status.subscribe((value) => heard.push(value));
  set(at(1));
  expect(heard).toEqual([at(1)]);
  await vi.waitFor(() => expect(reported).toEqual([new Error("mine"), new Error("later")]));
});

test("subscribe works without its object, as useSyncExternalStore takes it", () => {
  const { status, set } = watched<Status>(CONNECTING);
  const { subscribe } = status;
  const heard: Status[] = [];
  const leave = subscribe((value) => heard.push(value));
  set(at(1));
  leave();
  set(at(2));
  expect(heard).toEqual([at(1)]);
});

test("a listener that subscribes twice hears everything twice, and leaves once at a time", () => {
  const { status, set } = watched<Status>(CONNECTING);
  const heard: Status[] = [];
  const listener = (value: Status) => heard.push(value);
  const leave = status.subscribe(listener);
  status.subscribe(listener);
  leave();
  set(at(1));
  expect(heard).toEqual([at(1)]);
});
