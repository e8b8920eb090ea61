import { createServer } from "node:http";
import type { Contract } from "@tidings/contract";
import type { Hub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import { onTestFinished } from "vitest";
import { listen, type ListeningServer } from "./listen.ts";

/** A way to serve a hub over HTTP. */
export type Serve = (hub: Pick<Hub<Contract>, "handle">) => Promise<ListeningServer>;

/** Serves a hub until the test has finished, by node:http unless told otherwise. Returns the port on 127.0.0.1. */
export async function serveHub(
  hub: Pick<Hub<Contract>, "handle" | "close">,
  serve: Serve = (served) => listen(createServer(toNodeHandler(served))),
): Promise<number> {
  const { port, close } = await serve(hub);
  onTestFinished(async () => {
    await hub.close();
    await close();
  });
  return port;
}
