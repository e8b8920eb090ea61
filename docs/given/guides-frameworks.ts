// Frameworks that are not installed here are declared as far as the document uses them.
import type { RequestHandler as Handler } from "express";
import type httpProxy from "http-proxy";
import "koa-bodyparser";

export type { default as express } from "express";
/** Nitro gives them to a route without an import. */
export { defineHandler } from "h3";
export { defineEventHandler } from "h3-1";

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
export type RequestHandler = (event: { readonly request: Request }) => Response | Promise<Response>;
