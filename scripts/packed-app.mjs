import { once } from "node:events";
import { join } from "node:path";
import { startNode, stop } from "./child.mjs";
import { since } from "./say.mjs";

/** How long the server may take for one step of the conversation, in milliseconds. */
const patience = 10_000;

/**
 * Starts the installed chat server, loads the page, posts one message and reads it from the stream, and stops it.
 * @param {string} folder where the packed chat is installed
 */
export async function runApp(folder) {
  const main = join(folder, "node_modules/@tidings-apps/chat-server/dist/main.js");
  const server = startNode([main], {
    cwd: folder,
    env: { ...process.env, PORT: "0", HOST: "127.0.0.1", NODE_ENV: "production" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const url = await printedUrl(server);
    const page = await fetch(url, { signal: AbortSignal.timeout(patience) });
    const html = await page.text();
    if (!page.ok || !html.includes("<script"))
      throw new Error(`${url} answered ${page.status}, and not with the page.`);
    await converse(url);

    const start = performance.now();
    const ended = once(server, "exit");
    server.kill("SIGTERM");
    await ended;
    const code = server.exitCode;
    const took = performance.now() - start;
    if (code !== 0 || took > 1000)
      throw new Error(`The chat server ended with ${String(code)} after ${took.toFixed(0)} ms.`);
    console.log(`  page, one event, stopped in ${since(start)}`);
    return 0;
  } catch (error) {
    console.log(`  ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    await stop(server);
  }
}

/** @param {import("node:child_process").ChildProcess} server */
async function printedUrl(server) {
  let printed = "";
  for await (const chunk of /** @type {import("node:stream").Readable} */ (server.stdout).setEncoding("utf8")) {
    printed += chunk;
    const url = /http:\/\/\S+/.exec(printed)?.[0];
    if (url !== undefined) return url;
  }
  throw new Error(`The chat server printed no URL: ${printed}`);
}

/**
 * Signs in, posts a message and reads it back from the stream.
 * @param {string} url of the page
 */
async function converse(url) {
  const signal = AbortSignal.timeout(patience);
  const json = { "content-type": "application/json" };
  const signedIn = await fetch(new URL("/api/session", url), {
    method: "POST",
    headers: json,
    body: JSON.stringify({ name: "ada" }),
    signal,
  });
  const cookie = signedIn.headers
    .getSetCookie()
    .map((each) => each.split(";")[0])
    .join("; ");
  const stream = await fetch(new URL("/events?channel=rooms/lobby", url), { headers: { cookie }, signal });
  const text = `packed ${Date.now()}`;
  const posted = await fetch(new URL("/api/rooms/lobby/messages", url), {
    method: "POST",
    headers: { ...json, cookie },
    body: JSON.stringify({ text }),
    signal,
  });
  if (!posted.ok) throw new Error(`The posted message was answered ${posted.status}: ${await posted.text()}`);

  let read = "";
  if (stream.body === null) throw new Error(`The stream was answered ${stream.status}, without a body.`);
  for await (const chunk of stream.body.pipeThrough(new TextDecoderStream())) {
    read += chunk;
    if (read.includes(text)) return;
  }
  throw new Error(`The stream ended without the posted message: ${read}`);
}
