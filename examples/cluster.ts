// One port, a process for each core, and one SQLite file: whatever a process publishes, the readers of all get.
import cluster from "node:cluster";
import { createServer } from "node:http";
import { availableParallelism } from "node:os";
import { channel, defineContract } from "@tidings/contract";
import { sqliteLog } from "@tidings/log-sqlite";
import { createHub } from "@tidings/server";
import { takeStreams, toNodeHandler } from "@tidings/server/node";
import { z } from "zod";

const news = defineContract({ news: channel("news", { story: z.object({ title: z.string(), by: z.number() }) }) });
const { PORT = "3000", NEWS_FILE = "news.db", WORKERS = String(Math.max(2, availableParallelism())) } = process.env;

if (cluster.isPrimary) {
  for (let count = 0; count < Number(WORKERS); count++) cluster.fork();
  // A process that dies is replaced. Its readers come back to another one, and miss nothing.
  cluster.on("exit", ({ exitedAfterDisconnect }) => void (exitedAfterDisconnect || cluster.fork()));
} else {
  const hub = createHub(news, { log: sqliteLog(NEWS_FILE), authorize: () => true });
  const events = toNodeHandler(hub);
  const server = createServer((request, response) => {
    if (request.method === "POST" && request.url === "/stories") {
      // The answer names the process, to show that readers of others get the story, too.
      const story = hub.publish(news.news(), "story", { title: "Hello", by: process.pid });
      story.then(
        () => response.end(`published by ${process.pid}\n`),
        () => response.writeHead(503).end(),
      );
    } else {
      void events(request, response);
    }
  });
  // Thousands of readers: plain streams do without a request of node:http.
  takeStreams(server, { hub, path: "/events" });
  server.listen({ port: Number(PORT), host: "127.0.0.1", backlog: 4_096 }, () => {
    console.log(`${process.pid}: ${JSON.stringify(server.address())}`);
  });
  process.once("SIGTERM", () => void hub.close().then(() => process.exit()));
}
