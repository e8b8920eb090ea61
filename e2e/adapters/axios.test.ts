import { createServer } from "node:http";
import { toNodeHandler } from "@tidings/server/node";
import axios from "axios";
import { expect, test } from "vitest";
import { listen } from "../listen.ts";
import { openHub, urlOf } from "./test-hub.ts";

test("axios gets a page without a word about Accept", async () => {
  const { hub } = openHub();
  const url = urlOf(await listen(createServer(toNodeHandler(hub))));
  const { data, headers } = await axios.get(`${url}/events?channel=rooms/lobby&wait=0`, { timeout: 5_000 });
  expect([headers["content-type"], data]).toEqual(["application/json", expect.objectContaining({ events: [] })]);
});
