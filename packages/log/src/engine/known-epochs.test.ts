import { expect, test } from "vitest";
import { KnownEpochs } from "./known-epochs.ts";

test("reads the epochs only when one is not known, and forgets those that are gone then", async () => {
  let loads = 0;
  let stored = [
    { epoch: "a", first: 3 },
    { epoch: "b", first: 7 },
  ];
  const epochs = new KnownEpochs(async () => {
    loads++;
    return stored;
  });
  for (const running of ["b", "b", "a"]) await epochs.know(running);
  expect(loads).toBe(1);
  stored = [
    { epoch: "a", first: 3 },
    { epoch: "c", first: 5 },
  ];
  await epochs.know("c");
  expect([loads, epochs.cursorAt(8).epoch]).toEqual([2, "c"]);
});

test("a position is of the epoch that had begun there last; before all of them, it is of the oldest", async () => {
  const epochs = new KnownEpochs(async () => [
    { epoch: "a", first: 1 },
    { epoch: "empty", first: 4 },
    { epoch: "b", first: 4 },
  ]);
  expect(epochs.cursorAt(1)).toEqual({ epoch: "", seq: 1 });
  await epochs.know("b");
  expect([0, 1, 3, 4, 9].map((seq) => epochs.cursorAt(seq).epoch)).toEqual(["a", "a", "a", "b", "b"]);
});

test("the beginning is of the running epoch if no other got an entry; what is forgotten is of the oldest", async () => {
  const empty = new KnownEpochs(async () => ["a", "b"].map((epoch) => ({ epoch, first: 1 })));
  await empty.know("b");
  expect(empty.cursorAt(0)).toEqual({ epoch: "b", seq: 0 });
  const late = new KnownEpochs(async () => [{ epoch: "z", first: 90 }]);
  await late.know("z");
  expect(late.cursorAt(5)).toEqual({ epoch: "z", seq: 5 });
});
