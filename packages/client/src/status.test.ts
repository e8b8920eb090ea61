import { afterEach, expect, test, vi } from "vitest";
import { Cell } from "./status.ts";

afterEach(() => vi.unstubAllGlobals());

test("a listener hears every change until it leaves", () => {
  const cell = new Cell(0);
  const heard: number[] = [];
  const leave = cell.subscribe((value) => heard.push(value));
  cell.set(1);
  cell.set(2);
  leave();
  cell.set(3);
  expect(heard).toEqual([1, 2]);
  expect(cell.value).toBe(3);
});

test("nobody hears an old value after a newer one", () => {
  const cell = new Cell(0);
  const heard: number[] = [];
  cell.subscribe((value) => {
    if (value === 1) cell.set(2);
  });
  cell.subscribe((value) => heard.push(value));
  cell.set(1);
  expect(heard).toEqual([2]);
});

test("a listener that was removed by another one hears nothing more", () => {
  const cell = new Cell(0);
  const heard: number[] = [];
  cell.subscribe(() => leave());
  const leave = cell.subscribe((value) => heard.push(value));
  cell.set(1);
  expect(heard).toEqual([]);
});

test("a listener that throws keeps nobody from hearing, and its error is the runtime's to report", () => {
  const later: (() => void)[] = [];
  vi.stubGlobal("queueMicrotask", (task: () => void) => later.push(task));
  const cell = new Cell(0);
  const heard: number[] = [];
  cell.subscribe(() => {
    throw new Error("mine");
  });
  cell.subscribe((value) => heard.push(value));
  cell.set(1);
  expect(heard).toEqual([1]);
  expect(() => later[0]?.()).toThrow("mine");
});
