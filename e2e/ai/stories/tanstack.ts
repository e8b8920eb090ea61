import assert from "node:assert/strict";
import { word } from "../word.ts";
import type { Stories } from "./story.ts";

/** What TanStack AI reads. */
export const tanstack: Stories = {
  async "a run of TanStack AI is read after an offset that this process has not seen yet"(world) {
    const writer = await world.stream();
    const append = (...names: readonly string[]) =>
      world.settled(writer.append(names.map((delta) => word(delta) as never)));
    await append("0", "1");
    const offsets: string[] = [];
    const reading = (async () => {
      for await (const { offset } of (await world.stream("3")).read("3")) offsets.push(offset);
    })();
    await world.clock.advance(1_000);
    await append("2", "3", "4", "5");
    await world.settled(writer.close());
    await world.settled(reading);
    assert.deepEqual(offsets, ["4", "5"]);
  },

  async "the offset of chunks that were joined is that of the last one"(world) {
    const writer = await world.stream();
    await world.settled(writer.append(["0", "1", "2"].map((delta) => word(delta) as never)));
    await world.settled(writer.close());
    const read = async (after: string) => {
      const found: { readonly offset: string; readonly chunk: unknown }[] = [];
      for await (const each of (await world.stream(after)).read(after)) found.push(each);
      return found;
    };
    assert.deepEqual(await world.settled(read("-1")), [{ offset: "2", chunk: word("012") }]);
    assert.deepEqual(await world.settled(read("2")), []);
  },

  async "a chunk that cannot be stored is an error for the readers of TanStack AI"(world) {
    const writer = await world.stream();
    await assert.rejects(world.settled(writer.append([word("x".repeat(70_000)) as never])));
    await world.settled(writer.close());
    const types: string[] = [];
    const reading = (async () => {
      for await (const { chunk } of (await world.stream("-1")).read("-1")) types.push(chunk.type);
    })();
    await world.settled(reading);
    assert.deepEqual(types, ["RUN_ERROR"]);
  },
};
