// npx tsx server.ts, then open http://127.0.0.1:3000 in two browsers
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { memoryLog } from "@tidings/log";
import { createHub } from "@tidings/server";
import { toNodeHandler } from "@tidings/server/node";
import express from "express";
import { createServer as createVite, type InlineConfig } from "vite";
import { auction, Offer, teapot, type Bid } from "./contract.ts";

export async function startAuction(port: number, vite: InlineConfig = {}) {
  /** Names by the token in the cookie. An application keeps them in a database, and ends them. */
  const sessions = new Map<string, string>();
  const bidderOf = (cookie = ""): string | undefined => sessions.get(/\bsession=([\w-]+)/.exec(cookie)?.[1] ?? "");
  let highest: Bid | null = null as Bid | null;

  const hub = createHub(auction, {
    log: memoryLog(),
    authenticate({ headers }) {
      const bidder = bidderOf(headers.get("cookie") ?? "");
      return bidder === undefined ? null : { id: bidder };
    },
    authorize: ({ name, params, viewer }) => name === "lot" || params.bidder === viewer.id,
  });

  const app = express();
  app.all("/events", toNodeHandler(hub));
  app.use("/api", express.json());
  app.post("/api/session", (request, response) => {
    const { name } = request.body as { readonly name?: unknown };
    const others = [...sessions.values()].filter((each) => each !== bidderOf(request.headers.cookie));
    if (typeof name !== "string" || !/^[\w ]{1,20}$/.test(name) || others.includes(name)) {
      return response.status(409).json({ detail: "Choose another name: 1 to 20 letters, and nobody else's." });
    }
    const token = randomUUID();
    sessions.set(token, name);
    response.cookie("session", token, { httpOnly: true, sameSite: "strict" }).status(201).json({});
  });
  app.use("/api", (request, response, next) => {
    response.locals["bidder"] = bidderOf(request.headers.cookie);
    if (response.locals["bidder"] !== undefined) return next();
    response.status(401).json({ detail: "Sign in first." });
  });
  app.post("/api/bids", async (request, response) => {
    const offer = Offer.safeParse(request.body);
    if (!offer.success) return response.status(400).json({ detail: "Bid between 1 and 1,000,000 euros." });
    const { bidder } = offer.data;
    if (bidder !== response.locals["bidder"]) return response.status(403).json({ detail: "Reload and sign in again." });
    const former = highest;
    if (former && offer.data.amount <= former.amount) {
      return response.status(409).json({ detail: `Somebody has bid € ${former.amount.toLocaleString("en")} already.` });
    }
    const bid: Bid = { ...offer.data, at: new Date() };
    highest = bid;
    const outbid = { address: auction.inbox({ bidder: former?.bidder ?? bidder }), type: "outbid", data: bid } as const;
    const [published] = await hub.publishAll([
      { address: teapot, type: "bid", data: bid },
      { address: teapot, type: "price", data: { amount: bid.amount, bidder } },
      ...(former && former.bidder !== bidder ? [outbid] : []),
    ]);
    // The page waits for this event. Until then it shows the bid as pending.
    response.status(201).json({ id: published?.id });
  });
  app.post("/api/typing", async (_request, response) => {
    await hub.publish(teapot, "typing", { bidder: String(response.locals["bidder"]) });
    response.json({});
  });

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
  return { hub, page, server };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await startAuction(Number(process.env["PORT"] ?? 3000));
