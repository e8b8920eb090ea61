import { afterEach, expect, test, vi } from "vitest";
import { Cell, type Status } from "./status.ts";

afterEach(() => vi.unstubAllGlobals());

const at = (time: number): Status => ({ state: "retrying", reason: "network", at: time });

test("a listener hears every change until it leaves, and nothing that is no change", () => {
  const cell = new Cell();
  const heard: Status[] = [];
  const leave = cell.subscribe((value) => heard.push(value));
  for (const time of [1, 1, 2]) cell.set(at(time));
  leave();
  cell.set(at(3));
  expect(heard).toEqual([at(1), at(2)]);
  expect(cell.value).toEqual(at(3));
});

test("nobody hears an old value after a newer one", () => {
  const cell = new Cell();
  const heard: Status[] = [];
  cell.subscribe(() => cell.set(at(2)));
  cell.subscribe((value) => heard.push(value));
  cell.set(at(1));
  expect(heard).toEqual([at(2)]);
});

test("a listener that was removed by another one hears nothing more", () => {
  const cell = new Cell();
  const heard: Status[] = [];
  cell.subscribe(() => leave());
  const leave = cell.subscribe((value) => heard.push(value));
  cell.set(at(1));
  expect(heard).toEqual([]);
});

test("a listener that throws keeps nobody from hearing, and its error is the runtime's to report", () => {
  const later: (() => void)[] = [];
  vi.stubGlobal("queueMicrotask", (task: () => void) => later.push(task));
  const cell = new Cell();
  const heard: Status[] = [];
  cell.subscribe(() => {
    throw new Error("mine");
  });
  cell.subscribe((value) => heard.push(value));
  cell.set(at(1));
  expect(heard).toEqual([at(1)]);
  expect(() => later[0]?.()).toThrow("mine");
});
