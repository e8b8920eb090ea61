import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import express, { Router, type RequestHandler } from "express";

/** The page can run, load and connect to only what this server serves, and nobody can put it into a frame. */
const POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

/** Sets the security headers of every answer. */
export const secureHeaders: RequestHandler = (_request, response, next) => {
  response.set({
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
  });
  next();
};

/** Returns the folder of the built page. It is found as a package, so it can be installed anywhere. */
export function builtPage(): string {
  return join(dirname(createRequire(import.meta.url).resolve("@tidings-apps/chat-web/package.json")), "dist");
}

/**
 * Serves the page. A file under assets/ has the hash of its content in its name, so browsers may keep it for a year.
 */
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
    const reason = existsSync(folder) ? "There is no page here." : "The page is not built yet.";
    response.status(404).type("text").send(reason);
  });
  return router;
}
