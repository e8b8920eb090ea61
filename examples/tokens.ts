// An answer that is written while it is read, as chats with a language model do. Its words are events of a channel of its own: a page
// that is reloaded, a second tab and a late reader all get the same text, and the writing depends on none of them.
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

/** The server. @param save gets every answer, before its `done` */
export function startAnswers(port: number, save: (answerId: string, text: string) => void, clock = systemClock) {
  // At 20 events a second, an answer of eight minutes.
  const hub = createHub(ai, { log: memoryLog({ keep: { entries: 10_000 } }), authorize: () => true });
  const stops = new Map<string, () => Promise<void>>();

  async function write(answerId: string, prompt: string, stop: AbortController): Promise<void> {
    const answer = ai.answer({ answerId });
    let [text, batch] = ["", ""];
    const flush = async () => {
      const data = { text: stop.signal.aborted ? "" : batch };
      batch = "";
      text += data.text;
      if (data.text !== "") await hub.publish(answer, "token", data);
    };
    const fail = (error: unknown) => {
      console.error(error);
      stop.abort();
    };
    try {
      for await (const word of dream(prompt, stop.signal, clock)) {
        // What it says within 50 ms is one event.
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
    const [answerId, prompt, stop] = [randomUUID(), String(request.body), new AbortController()];
    const { id } = await hub.publish(ai.answer({ answerId }), "begun", { prompt });
    const written = write(answerId, prompt, stop).catch(console.error);
    stops.set(answerId, () => (stop.abort(), written));
    // A page keeps both in its address, so that a reload reads from the first word.
    response.status(201).json({ answerId, after: id });
  });
  app.post("/answers/:answerId/stop", async (request, response) => {
    await stops.get(request.params.answerId)?.();
    response.status(204).end();
  });
  return { hub, server: app.listen(port, "127.0.0.1") };
}

/** The client: the text in pieces, first those that exist, by pages, then each as it is written. Returns what `done` says. */
export async function* readAnswer(client: Client<typeof ai>, { answerId, after }: { answerId: string; after: string }) {
  for await (const { type, data } of client.events(ai.answer({ answerId }), { after })) {
    if (type === "token") yield data.text;
    else if (type === "done") return data;
  }
}

const WORDS = ["tea ", "is ", "thé, ", "茶 ", "and ", "steeps ", "slowly 🍵 ", "until\n"];
/** Stands for a language model: slow, and to the same prompt it always says the same. */
async function* dream(prompt: string, signal: AbortSignal, clock: typeof systemClock) {
  const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
  for (let seed = prompt.length, left = 20 * seed; left > 0 && !signal.aborted; left--) {
    seed = (seed * 48_271) % 2_147_483_647;
    await Promise.race([aborted, new Promise<void>((resolve) => void clock.setTimeout(resolve, 5 + (seed % 40)))]);
    yield WORDS[seed % WORDS.length] ?? "";
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { PORT: port = "3000" } = process.env;
  const url = `http://127.0.0.1:${port}`;
  startAnswers(Number(port), (_id, text) => console.log(`\n(${text.length} characters are saved)`));
  console.log(`curl -d 'What is tea?' ${url}/answers   # gives an answerId and an after; then, as often as you like:
curl -N '${url}/events?channel=answers/<answerId>&after=<after>'
curl -X POST ${url}/answers/<answerId>/stop`);
}
