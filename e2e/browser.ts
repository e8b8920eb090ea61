import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { chromium, type Browser, type BrowserServer, type LaunchOptions } from "playwright-core";

/** For a machine without a screen, a GPU or access to the internet. */
const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const INSTALLED = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];

/** Starts a Chromium with a profile of its own, which is deleted when the browser is closed. */
export async function startBrowser(): Promise<Browser> {
  return chromium.launch(await launchOptions());
}

/** Starts a Chromium for several processes, which connect to its `wsEndpoint()`. */
export async function startBrowserServer(): Promise<BrowserServer> {
  return chromium.launchServer(await launchOptions());
}

async function launchOptions(): Promise<LaunchOptions> {
  const executablePath = process.env["CHROME"] || INSTALLED.find(existsSync) || (await unpackedChromium());
  const fonts = join(dirname(executablePath), "own-fonts.conf");
  const env = existsSync(fonts) ? { ...process.env, FONTCONFIG_FILE: fonts } : process.env;
  return { executablePath, args: FLAGS, chromiumSandbox: false, env };
}

/**
 * Returns the Chromium of the npm package, unpacked into a folder of our own. By itself the package unpacks into the
 * temporary folder of the system, and may use a half-written file of another run.
 */
async function unpackedChromium(): Promise<string> {
  // The path has the version: …/@sparticuz+chromium@153.0.0/node_modules/@sparticuz/chromium/build/index.js.
  const version =
    createRequire(import.meta.url)
      .resolve("@sparticuz/chromium")
      .match(/chromium@[\d.]+/)?.[0] ?? "chromium";
  const home = join(import.meta.dirname, "node_modules", ".cache", version);
  if (!existsSync(home)) {
    await mkdir(dirname(home), { recursive: true });
    const staging = await mkdtemp(`${home}-`);
    const { default: npmChromium } = await import("@sparticuz/chromium");
    const before = tmpdir();
    process.env["TMPDIR"] = staging;
    try {
      await npmChromium.executablePath();
    } finally {
      process.env["TMPDIR"] = before;
    }
    await writeFile(join(staging, "own-fonts.conf"), fontsIn(home));
    // If two processes unpack at the same time, the second rename fails and its copy is deleted.
    await rename(staging, home).catch(() => rm(staging, { recursive: true }));
  }
  return join(home, "chromium");
}

/**
 * The fonts of the machine and of the package. Without any font, Chromium crashes at the first placeholder. The file of
 * the package itself names another folder.
 */
const fontsIn = (home: string): string => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>${home}/fonts/fonts</dir>
  <cachedir>${home}/font-cache</cachedir>
</fontconfig>
`;
