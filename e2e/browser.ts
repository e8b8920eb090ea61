import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { chromium, type Browser, type BrowserServer, type LaunchOptions } from "playwright-core";

/** What a Chromium needs on a machine without a screen, a GPU or a way to the internet. */
const FLAGS = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const INSTALLED = ["/usr/bin/chromium", "/usr/bin/chromium-browser"];

/** Starts a Chromium with a profile of its own, which is gone when the browser is closed. */
export async function startBrowser(): Promise<Browser> {
  return chromium.launch(await launchOptions());
}

/** The same for several processes, which connect to its `wsEndpoint()`. */
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
 * The Chromium of the npm package, unpacked where nobody else looks. The package itself would unpack into the system's folder
 * for temporary files and take a half-written file of another run for a browser.
 */
async function unpackedChromium(): Promise<string> {
  // …/@sparticuz+chromium@153.0.0/node_modules/@sparticuz/chromium/build/index.js: the folder's name has the version.
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
    // Of two that unpack at the same time, one is the first.
    await rename(staging, home).catch(() => rm(staging, { recursive: true }));
  }
  return join(home, "chromium");
}

/** The machine's fonts, and the package's: without any, Chromium falls over at the first placeholder. The package's own file looks elsewhere. */
const fontsIn = (home: string): string => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>${home}/fonts/fonts</dir>
  <cachedir>${home}/font-cache</cachedir>
</fontconfig>
`;
