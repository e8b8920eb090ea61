// Frameworks that are not installed here are declared as far as the document uses them.
import type { IncomingMessage } from "node:http";
import type { RequestHandler as Handler } from "express";
import type httpProxy from "http-proxy";
import "koa-bodyparser";

export type { default as express } from "express";
/** Nitro gives them to a route and a plugin without an import. */
export { defineEventHandler } from "h3-1";
export declare const defineNitroPlugin: (plugin: (nitroApp: NitroApp) => void) => unknown;

interface NitroApp {
  readonly hooks: { hook(name: "close", run: () => Promise<void>): void };
}

declare global {
  namespace Express {
    interface Request {
      /** As the types of passport declare it. */
      user?: { readonly id: string };
    }
  }
}
export declare const passport: { session(): Handler };
export declare const proxy: httpProxy;

/** Of `./$types`, which SvelteKit writes. */
export type RequestHandler = (event: RequestEvent) => Response | Promise<Response>;

interface RequestEvent {
  readonly request: Request;
  /** As the adapter for Node declares it. */
  readonly platform?: { readonly req: IncomingMessage };
}
