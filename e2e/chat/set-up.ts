import { rm } from "node:fs/promises";
import type { TestProject } from "vitest/node";
import { startBrowserServer } from "../browser.ts";
import { buildPage } from "../chat-page.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The folder of the built page. */
    page: string;
    /** The endpoint of the browser that all files share. */
    browser: string;
  }
}

/** Builds the page and starts a browser, once for all files of this folder. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const [page, browser] = await Promise.all([buildPage(), startBrowserServer()]);
  project.provide("page", page);
  project.provide("browser", browser.wsEndpoint());
  return async () => {
    await browser.close();
    await rm(page, { recursive: true });
  };
}
