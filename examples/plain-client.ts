// No library on the client: the browser's own EventSource, and curl. Both resume with the Last-Event-ID header.
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

/** The server: it serves the page, the events, and a route to send a greeting. */
export function startPlain(port: number) {
  const hub = createHub(hall, { log: memoryLog(), authorize: () => true });
  const app = express();
  app.get("/", (_request, response) => {
    response.type("html").send(page);
  });
  app.all("/events", toNodeHandler(hub));
  app.post("/greetings", express.text({ type: () => true }), async (request, response) => {
    const { id } = await hub.publish(hall.greetings(), "greeting", { text: String(request.body) });
    response.status(201).send(`${id}\n`);
  });
  app.use(sendContractError);
  return { hub, server: app.listen(port, "127.0.0.1") };
}

/**
 * Answers 400 if the sender's data does not fit the contract. The message says what is wrong. Without this handler the
 * answer is 500.
 */
const sendContractError: ErrorRequestHandler = (error: unknown, _request, response, next) => {
  if (!(error instanceof ContractError)) {
    next(error);
    return;
  }
  response.status(400).send(`${error.message}\n`);
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { PORT: port = "3000" } = process.env;
  const url = `http://127.0.0.1:${port}`;
  startPlain(Number(port));
  console.log(`Open ${url}, or read with
  curl -N '${url}/events?channel=greetings&last=10'
Send a greeting with
  curl -d 'hello' ${url}/greetings
Resume after the last id that you saw with
  curl -N -H 'Last-Event-ID: …' '${url}/events?channel=greetings'`);
}
