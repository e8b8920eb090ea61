// npx tsx server.ts, then open http://127.0.0.1:3000 in two browsers
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { startRun } from "@tidings/ai/server";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub, LeaseError } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { convertToModelMessages, streamText, type LanguageModel, type UIMessage } from "ai";
import express from "express";
import { createServer as createVite, type InlineConfig } from "vite";
import { ai } from "./contract.ts";
import { openMessages } from "./messages.ts";
import { slowModel } from "./model.ts";

interface Asked {
  readonly id: string;
  readonly runId: string;
  readonly messages: UIMessage[];
}

/** The routes of a chat with a language model. */
export function createChats(path: string, model: LanguageModel) {
  const keep = { channels: { run: { entries: 10_000, age: 3_600_000 } } };
  const hub = createHub(ai, { log: sqliteLog(path), keep, authorize: () => true }); // everybody may read every chat
  const chats = openMessages(path);

  const app = express();
  app.all("/events", toNodeHandler(hub));
  app.post("/api/chat", express.json({ limit: "1mb" }), async (request, response) => {
    const { id: chatId, runId, messages } = request.body as Asked; // check it by a schema, and the rights of the viewer
    try {
      await startRun(hub, { chat: ai.chat({ chatId }), run: ai.run({ chatId, runId }) }, async ({ signal }) => {
        chats.save(chatId, messages);
        const result = streamText({ model, messages: await convertToModelMessages(messages), abortSignal: signal });
        return result.toUIMessageStream({
          originalMessages: messages,
          generateMessageId: () => runId,
          onEnd: ({ messages: all }) => chats.save(chatId, all), // saved before readers get the end
        });
      });
      response.status(202).end();
    } catch (error) {
      if (!(error instanceof LeaseError && error.code === "taken")) throw error;
      response.status(409).send("Somebody else has just asked. Wait for that answer.");
    }
  });
  app.get("/api/chats/:chatId", (request, response) => {
    response.type("json").send(chats.load(request.params.chatId));
  });
  app.post("/api/chats/:chatId/stop", async (request, response) => {
    await hub.stop(ai.chat({ chatId: request.params.chatId }));
    response.status(204).end();
  });
  return { hub, app, chats };
}

/** Serves the chats and their page. */
export async function serveChats(port: number, path: string, model: LanguageModel, vite: InlineConfig = {}) {
  const { hub, app, chats } = createChats(path, model);
  const server = createServer(app);
  // Vite serves the page from its sources. In production, build it and serve the folder with express.static.
  const config: InlineConfig = {
    root: import.meta.dirname,
    ...vite,
    server: { middlewareMode: true, hmr: { server } },
  };
  const page = await createVite(config);
  app.use(page.middlewares);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return { hub, chats, page, server };
}

const ANSWER = "Tea is a drink that takes its time. Boil the water, warm the pot, and let the leaves steep. ".repeat(5);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await serveChats(Number(process.env["PORT"] ?? 3000), "chats.db", slowModel(ANSWER, 150));
}
