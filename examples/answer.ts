// An answer that is written word by word, by one writer at a time over all processes. Anybody may stop it, in whichever
// process it is written. If that process dies, another one ends the answer, and nobody waits for the rest.
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { createClient } from "@tidings/client";
import { channel, defineContract } from "@tidings/contract";
import type { EventLog } from "@tidings/log";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub, LeaseError } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { z } from "zod";

const end = z.object({ outcome: z.enum(["done", "stopped", "aborted"]) });
export const ai = defineContract({ answer: channel("answers/:id", { word: z.object({ text: z.string() }) }, { end }) });

/** A model: it gives its words slowly, and stops when the signal is aborted. */
export type Model = (prompt: string, signal: AbortSignal) => AsyncIterable<string>;

/** The server. */
export function startAnswers(port: number, log: EventLog, generate: Model) {
  const hub = createHub(ai, { log, authorize: () => true });
  const server = createServer(toNodeHandler(hub)).listen(port, "127.0.0.1");

  /** Writes an answer. @throws LeaseError `taken` when another process writes it already */
  async function write(id: string, prompt: string): Promise<void> {
    const writer = await hub.lease(ai.answer({ id }), { ttl: 10_000, aborted: { outcome: "aborted" } });
    try {
      // Not awaited word by word: what comes while the log stores a word is stored together.
      for await (const text of generate(prompt, writer.signal)) {
        if (writer.signal.aborted) break;
        writer.publish("word", { text }).catch(console.error);
      }
      await writer.end({ outcome: writer.signal.aborted ? "stopped" : "done" });
    } catch (error) {
      // Another process has ended the answer: there is nothing left to do here.
      if (error instanceof LeaseError) return;
      // The lease stands for as long as this process lives, and so long would readers wait.
      await writer.end({ outcome: "aborted" });
      throw error;
    }
  }

  return { hub, server, write, stop: (id: string) => hub.stop(ai.answer({ id }), "A reader has had enough.") };
}

/** The client. Resolves with the text and with how the answer has ended. */
export async function readAnswer(url: string, id: string, after?: string): Promise<string> {
  const client = createClient(ai, { url });
  try {
    return await new Promise<string>((resolve, reject) => {
      let text = "";
      client.subscribe(
        ai.answer({ id }),
        {
          word: (word) => void (text += word.text),
          onGap: () => reject(new Error("Words are gone: show the text that the database has.")),
          onEnd: ({ outcome }) => resolve(`${text}(${outcome})`),
          onClose: (reason) => reject(new Error(`Nothing more comes: ${reason}.`)),
        },
        after === undefined ? {} : { after },
      );
    });
  } finally {
    client.close();
  }
}

async function* slowWords(prompt: string, signal: AbortSignal): AsyncIterable<string> {
  for (const word of `You asked: ${prompt} Tea is a drink that takes its time.`.split(" ")) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    if (signal.aborted) return;
    yield `${word} `;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { PORT: port = "3000" } = process.env;
  const { write } = startAnswers(Number(port), sqliteLog("answers.db"), slowWords);
  const id = crypto.randomUUID();
  const answer = readAnswer(`http://127.0.0.1:${port}/events`, id);
  await write(id, "What is tea?");
  console.log(await answer);
}
