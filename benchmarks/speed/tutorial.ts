import { createServer } from "node:http";
import express, { type Response } from "express";
import { streamRequest, type ServedPeer } from "../peers/peer.ts";

/**
 * What most tutorials show, for example
 * https://www.digitalocean.com/community/tutorials/nodejs-server-sent-events-build-realtime-app: a list of responses,
 * and the JSON is made once for each.
 */
export const tutorial: ServedPeer = {
  name: "a tutorial's code (Express)",
  request: streamRequest(),
  serve() {
    let clients: Response[] = [];
    const app = express();
    app.get("/events", (request, response) => {
      response.writeHead(200, {
        "Content-Type": "text/event-stream",
        Connection: "keep-alive",
        "Cache-Control": "no-cache",
      });
      response.write("data: []\n\n");
      clients.push(response);
      request.on("close", () => {
        clients = clients.filter((client) => client !== response);
      });
    });
    return {
      server: createServer(app),
      publish(message) {
        for (const client of clients) client.write(`data: ${JSON.stringify(message)}\n\n`);
      },
    };
  },
};
