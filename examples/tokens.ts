// An answer that readers see while it is written, as in a chat with a language model.
//
// The words are events of the answer's own channel. A page that is reloaded, a second tab and a late reader all get the
// same text. The writing does not depend on any reader.
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Client } from "@tidings/client";
import { channel, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub, systemClock } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import express from "express";
import { z } from "zod";

const begun = z.object({ prompt: z.string() });
const token = z.object({ text: z.string() });
const done = z.object({ stopped: z.boolean() });
export const ai = defineContract({ answer: channel("answers/:answerId", { begun, token, done }) });

/** The server. @param save called with every answer, before its `done` event */
export function startAnswers(port: number, save: (answerId: string, text: string) => void, clock = systemClock) {
  // At 20 events a second this keeps an answer of eight minutes, for an hour.
  const keep = { channels: { answer: { entries: 10_000, age: 3_600_000 } } };
  const hub = createHub(ai, { log: memoryLog(), keep, authorize: () => true });
  const stops = new Map<string, () => Promise<void>>();

  async function write(answerId: string, prompt: string, stop: AbortController): Promise<void> {
    const answer = ai.answer({ answerId });
    let text = "";
    let batch = "";
    const flush = async () => {
      const words = stop.signal.aborted ? "" : batch;
      batch = "";
      text += words;
      if (words !== "") await hub.publish(answer, "token", { text: words });
    };
    const fail = (error: unknown) => {
      console.error(error);
      stop.abort();
    };
    try {
      for await (const word of generateWords(prompt, stop.signal, clock)) {
        // All words within 50 ms become one event.
        if (batch === "") clock.setTimeout(() => void flush().catch(fail), 50);
        batch += word;
      }
      await flush();
    } catch (error) {
      fail(error);
    }
    stops.delete(answerId);
    save(answerId, text);
    await hub.publish(answer, "done", { stopped: stop.signal.aborted });
  }

  const app = express().all("/events", toNodeHandler(hub));
  app.post("/answers", express.text({ type: () => true }), async (request, response) => {
    const answerId = randomUUID();
    const prompt = String(request.body);
    const { id } = await hub.publish(ai.answer({ answerId }), "begun", { prompt });
    const stop = new AbortController();
    const written = write(answerId, prompt, stop).catch(console.error);
    stops.set(answerId, () => {
      stop.abort();
      return written;
    });
    // A page keeps both values in its URL, so after a reload it reads from the first word.
    response.status(201).json({ answerId, after: id });
  });
  app.post("/answers/:answerId/stop", async (request, response) => {
    await stops.get(request.params.answerId)?.();
    response.status(204).end();
  });
  return { hub, server: app.listen(port, "127.0.0.1") };
}

/** The client. Yields the existing text first, then each new piece. Returns the data of the `done` event. */
export async function* readAnswer(client: Client<typeof ai>, { answerId, after }: { answerId: string; after: string }) {
  for await (const { type, data } of client.events(ai.answer({ answerId }), { after })) {
    if (type === "token") yield data.text;
    if (type === "done") return data;
  }
}

const WORDS = ["tea ", "is ", "thé, ", "茶 ", "and ", "steeps ", "slowly 🍵 ", "until\n"];

/** Takes the place of a language model. It is slow, and always gives the same words for the same prompt. */
async function* generateWords(prompt: string, signal: AbortSignal, clock: typeof systemClock) {
  const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
  const count = 20 * prompt.length;
  let seed = prompt.length;
  for (let index = 0; index < count && !signal.aborted; index++) {
    seed = (seed * 48_271) % 2_147_483_647;
    const pause = new Promise<void>((resolve) => void clock.setTimeout(resolve, 5 + (seed % 40)));
    await Promise.race([aborted, pause]);
    yield WORDS[seed % WORDS.length] ?? "";
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { PORT: port = "3000" } = process.env;
  const url = `http://127.0.0.1:${port}`;
  startAnswers(Number(port), (_id, text) => console.log(`\n(saved ${text.length} characters)`));
  console.log(`Ask with the first command. It prints an answerId and an after, for the other two:
  curl -d 'What is tea?' ${url}/answers
  curl -N '${url}/events?channel=answers/<answerId>&after=<after>'
  curl -X POST ${url}/answers/<answerId>/stop`);
}
