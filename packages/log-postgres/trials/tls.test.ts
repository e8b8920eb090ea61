import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, inject, test, vi } from "vitest";
import { everything, reliable } from "../../log/test/entries.ts";
import { makeCertificate } from "../../log/test/node/certificates.ts";
import { timeUntil } from "../../log/test/timing.ts";
import type { Connection } from "../src/connection.ts";
import { postgresLog } from "../src/postgres-log.ts";
import { server, startServer } from "../test/test-server.ts";

vi.setConfig({ testTimeout: 60_000 });

/** A server that takes TLS, with its certificate and one that another authority has made. */
async function startWithTls() {
  const certificate = await makeCertificate(inject("postgresPrograms").user);
  const own = await startServer({ ssl: "on", ssl_cert_file: certificate.path, ssl_key_file: certificate.keyPath });
  const url = (parameters: string) => own.url.replace("127.0.0.1", "localhost") + parameters;
  return { own, certificate, other: await makeCertificate(), url };
}

describe("a server with TLS", () => {
  test("is reached with the authority of its certificate, by the doorbell, too", async () => {
    const { own, certificate, url } = await startWithTls();
    const connections: Connection[] = [
      url(`?sslmode=verify-full&sslrootcert=${certificate.path}`),
      { connectionString: url(""), ssl: { ca: certificate.text } },
    ];
    for (const [index, connection] of connections.entries()) {
      const log = await postgresLog(connection);
      await timeUntil(log, index + 1, () => log.append([reliable("a", `${index}`)]));
      const unencrypted = "select count(*) as count from pg_stat_ssl join pg_stat_activity using (pid)";
      const where = "where application_name = 'tidings' and not ssl";
      expect(await own.query(`${unencrypted} ${where}`)).toEqual([{ count: "0" }]);
      await log.close();
    }
    const log = await postgresLog(own.url);
    expect(await everything(log)).toEqual(["0", "1"]);
    await log.close();
  });

  test("whose certificate nobody has vouched for is refused, and the error says what to do", async () => {
    const { other, url } = await startWithTls();
    const connections: Connection[] = [
      url("?sslmode=require"),
      url(`?sslmode=verify-full&sslrootcert=${other.path}`),
      { connectionString: url(""), ssl: true },
      { connectionString: url(""), ssl: { ca: other.text } },
    ];
    for (const connection of connections) {
      await expect(postgresLog(connection)).rejects.toThrow(
        /^Cannot open the log in PostgreSQL: self-signed certificate\. Nothing was written: .*sslrootcert/,
      );
    }
  });

  test("whose certificate becomes another one lets a publish fail, of which nothing is stored", async () => {
    const { own, certificate, other, url } = await startWithTls();
    let ca = certificate.text;
    const log = await postgresLog({
      connectionString: url(""),
      ssl: {
        get ca() {
          return ca;
        },
      },
    });
    await log.append([reliable("a", "1")]);
    ca = other.text;
    await own.stop();
    await own.start();
    const failing = log.append([reliable("a", "2")]).catch(() => log.append([reliable("a", "2")]));
    await expect(failing).rejects.toMatchObject({
      name: "AppendError",
      outcome: "none",
      message: expect.stringContaining("Nothing was written"),
    });
    await log.close();
  });
});

test("a server without TLS is refused where TLS is demanded, and the error says so", async () => {
  await expect(postgresLog(`${server.url}?sslmode=require`)).rejects.toThrow(
    /^Cannot open the log in PostgreSQL: The server does not support SSL connections\. Nothing was written: /,
  );
});

test("a server that demands TLS refuses a connection without it, and the error says how to get one", async () => {
  const { own, url } = await startWithTls();
  await writeFile(join(own.data, "pg_hba.conf"), "hostssl all all all trust");
  await own.query("select pg_reload_conf()");
  const refused = async () => String(await postgresLog(url("")).catch((error: unknown) => error));
  await expect.poll(refused).toMatch(/Cannot open the log .*no encryption.* add sslmode=verify-full to the URL\.$/);
});
