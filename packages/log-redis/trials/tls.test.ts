import { describe, expect, test, vi } from "vitest";
import { everything, reliable } from "../../log/test/entries.ts";
import { makeCertificate } from "../../log/test/node/certificates.ts";
import { freePort } from "../../log/test/node/server-process.ts";
import { timeUntil } from "../../log/test/timing.ts";
import { redisLog } from "../src/redis-log.ts";
import { FLEETING } from "../test/redis-server.ts";
import { openTestLog } from "../test/test-log.ts";
import { hasServer, startServer } from "../test/test-server.ts";

vi.setConfig({ testTimeout: 60_000 });

/** A server that takes TLS on a second port, with its certificate and one that another authority has made. */
async function startWithTls() {
  const [certificate, other, port] = [await makeCertificate(), await makeCertificate(), await freePort()];
  const own = await startServer({
    ...FLEETING,
    "tls-port": port,
    "tls-cert-file": certificate.path,
    "tls-key-file": certificate.keyPath,
    "tls-auth-clients": "no",
  });
  return { own, certificate, other, port, url: `rediss://localhost:${port}` };
}

const UNTRUSTED = /^Cannot open the log in Redis: self-signed certificate\. Nothing was written: .* tls: \{ ca \}/;

describe.runIf(hasServer)("a server with TLS", () => {
  test("is reached with the authority of its certificate, by the doorbell, too", async () => {
    const { own, certificate, port } = await startWithTls();
    const connection = { host: "localhost", port, tls: { ca: certificate.text } };
    const { log, open } = await openTestLog({ url: own.url, newName: () => "log" });
    const encrypted = await open({}, connection);
    await timeUntil(encrypted, 1, () => encrypted.append([reliable("a", "1")]));
    expect(await timeUntil(encrypted, 2, () => log.append([reliable("a", "2")]))).toBeLessThan(3_000);
    expect(await everything(encrypted)).toEqual(["1", "2"]);
  });

  test("whose certificate nobody has vouched for is refused, and the error says what to do", async () => {
    const { other, port, url } = await startWithTls();
    for (const connection of [
      url,
      { host: "localhost", port, tls: {} },
      { host: "localhost", port, tls: { ca: other.text } },
    ]) {
      await expect(redisLog(connection)).rejects.toThrow(UNTRUSTED);
    }
  });

  test("is not reached without TLS, and a server without TLS not with it: both errors say so", async () => {
    const { own, port } = await startWithTls();
    await expect(redisLog(`redis://localhost:${port}`, { patience: 2_000 })).rejects.toThrow(
      /^Cannot open the log in Redis: .*rediss:/,
    );
    await expect(redisLog(own.url.replace("redis:", "rediss:"), { patience: 2_000 })).rejects.toThrow(
      /^Cannot open the log in Redis: .*rediss:/,
    );
  });
});
