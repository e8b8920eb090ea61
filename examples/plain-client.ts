// No library on the client: a browser's own EventSource, and curl. Both resume by Last-Event-ID.
import { fileURLToPath } from "node:url";
import { channel, ContractError, defineContract } from "@tidings/contract";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import express, { type ErrorRequestHandler } from "express";
import { z } from "zod";

const hall = defineContract({ greetings: channel("greetings", { greeting: z.object({ text: z.string() }) }) });

const page = `<!doctype html>
<meta charset="utf-8">
<title>Greetings</title>
<pre id="greetings"></pre>
<script>
  const show = (line) => document.getElementById("greetings").append(line + "\\n");
  const source = new EventSource("/events?channel=greetings&last=10");
  source.addEventListener("greetings:greeting", ({ data }) => show(JSON.parse(data).text));
  source.addEventListener("gap", () => show("(some greetings are gone)"));
</script>
`;

export function startPlain(port: number) {
  const hub = createHub(hall, { log: memoryLog(), authorize: () => true });
  const app = express();
  app.get("/", (_request, response) => void response.type("html").send(page));
  app.all("/events", toNodeHandler(hub));
  app.post("/greetings", express.text({ type: () => true }), async (request, response) => {
    const { id } = await hub.publish(hall.greetings(), "greeting", { text: String(request.body) });
    response.status(201).send(`${id}\n`);
  });
  app.use(sendContractError);
  return { hub, server: app.listen(port, "127.0.0.1") };
}

/** What the contract refuses of a sender's data is the sender's mistake, and the message says which. Without this it is a 500. */
const sendContractError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (!(error instanceof ContractError)) return next(error);
  response.status(400).send(`${error.message}\n`);
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { PORT: port = "3000" } = process.env;
  const url = `http://127.0.0.1:${port}`;
  startPlain(Number(port));
  console.log(`Open ${url}, or read with\n  curl -N '${url}/events?channel=greetings&last=10'`);
  console.log(`Say something with\n  curl -d 'hello' ${url}/greetings`);
  console.log(
    `Come back after the last id that you saw with\n  curl -N -H 'Last-Event-ID: …' '${url}/events?channel=greetings'`,
  );
}
