import { expect, test, vi } from "vitest";
import { onAbort } from "./on-abort.ts";

test("everybody who waits for a signal is called once, in their order", () => {
  const controller = new AbortController();
  const called: string[] = [];
  for (const name of ["a", "b", "c"]) onAbort(controller.signal, () => called.push(name));
  controller.abort();
  controller.abort();
  expect(called).toEqual(["a", "b", "c"]);
});

test("whoever waits no longer is not called, also when another listener has ended the wait", () => {
  const controller = new AbortController();
  const called: string[] = [];
  const note = () => called.push("note");
  onAbort(controller.signal, () => leaveLater());
  const leave = onAbort(controller.signal, note);
  const leaveLater = onAbort(controller.signal, note);
  onAbort(controller.signal, note);
  leave();
  controller.abort();
  expect(called).toEqual(["note"]);
});

test("a signal that nobody waits for any more has no listener", () => {
  const { signal } = new AbortController();
  const unlisten = vi.spyOn(signal, "removeEventListener");
  const leaves = [1, 2].map(() => onAbort(signal, () => {}));
  leaves[0]?.();
  leaves[0]?.();
  expect(unlisten).not.toHaveBeenCalled();
  leaves[1]?.();
  expect(unlisten).toHaveBeenCalledTimes(1);
});

test("hundreds that wait for one signal are one listener of it", () => {
  const { signal } = new AbortController();
  const listen = vi.spyOn(signal, "addEventListener");
  for (let index = 0; index < 300; index++) onAbort(signal, () => {});
  expect(listen).toHaveBeenCalledTimes(1);
});
