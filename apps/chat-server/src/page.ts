import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import express, { Router, type RequestHandler } from "express";

/** Only what this server serves may run, load or be connected to; nobody may put the page in a frame. */
const POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

export const secureHeaders: RequestHandler = (_request, response, next) => {
  response.set({
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
  });
  next();
};

/** The folder of the built page: found as a package, so it does not matter where that is installed. */
export function builtPage(): string {
  return join(dirname(createRequire(import.meta.url).resolve("@tidings-apps/chat-web/package.json")), "dist");
}

/** Serves the page. What is under assets/ has its content's hash in its name. */
export function servePage(folder: string): Router {
  const router = Router();
  router.use(
    "/assets",
    express.static(join(folder, "assets"), { immutable: true, maxAge: "1y", index: false, redirect: false }),
  );
  router.use(
    express.static(folder, {
      cacheControl: false,
      redirect: false,
      setHeaders: (response) => void response.setHeader("Cache-Control", "no-cache"),
    }),
  );
  router.get("/", (_request, response) => {
    response
      .status(404)
      .type("text")
      .send(existsSync(folder) ? "There is no page here." : "The page is not built yet.");
  });
  return router;
}
