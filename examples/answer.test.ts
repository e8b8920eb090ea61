import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sqliteLog } from "@tidings/log-sqlite";
import { expect, onTestFinished, test } from "vitest";
import { ai, readAnswer, startAnswers, type Model } from "./answer.ts";

/** A model that says three words, or one word and then nothing until it is stopped. */
const shortModel: Model = async function* () {
  yield* ["Tea ", "is ", "hot. "];
};
const endlessModel: Model = async function* (_prompt, signal) {
  yield "Well, ";
  await once(signal, "abort");
  yield "never said. ";
};

const brokenModel: Model = async function* () {
  yield "Tea ";
  throw new Error("The model is away.");
};

/** Starts a server on a file, until the test has finished. */
async function start(file: string, model: Model) {
  const answers = startAnswers(0, sqliteLog(file), model);
  onTestFinished(async () => {
    await answers.hub.close();
    answers.server.close();
  });
  await once(answers.server, "listening");
  // Safe: the server listens on a TCP port, so its address is an object.
  const { port } = answers.server.address() as AddressInfo;
  return { ...answers, url: `http://127.0.0.1:${port}/events` };
}

async function temporaryFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tidings-answer-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, "answers.db");
}

test("an answer is read to its end, in another process, too", async () => {
  const file = await temporaryFile();
  const { write } = await start(file, shortModel);
  const { url, hub } = await start(file, shortModel);
  const after = hub.stats().ring.head;
  const reading = readAnswer(url, "a", after);
  await write("a", "What is tea?");
  expect(await reading).toBe("Tea is hot. (done)");
  await expect(write("a", "And coffee?")).rejects.toMatchObject({ code: "ended" });
});

test("it is stopped from another process, and only one process writes it", async () => {
  const file = await temporaryFile();
  const ada = await start(file, endlessModel);
  const bob = await start(file, shortModel);
  const after = ada.hub.stats().ring.head;
  const writing = ada.write("a", "What is tea?");
  const [first] = await firstOf(ada, after);
  expect(first).toBe("Well, ");
  await expect(bob.write("a", "What is tea?")).rejects.toMatchObject({ code: "taken" });
  await bob.stop("a");
  await writing;
  expect(await readAnswer(bob.url, "a", after)).toBe("Well, (stopped)");
});

test("a model that fails leaves nobody waiting", async () => {
  const { url, hub, write } = await start(await temporaryFile(), brokenModel);
  const after = hub.stats().ring.head;
  const reading = readAnswer(url, "a", after);
  await expect(write("a", "What is tea?")).rejects.toThrow("The model is away.");
  expect(await reading).toBe("Tea (aborted)");
});

/** The first word of the answer. */
async function firstOf({ hub }: Pick<Awaited<ReturnType<typeof start>>, "hub">, after: string): Promise<string[]> {
  for await (const item of hub.events(ai.answer({ id: "a" }), { after })) {
    if (item.kind === "event") return [item.data.text];
  }
  return [];
}
