import pg from "pg";

/** A connection that is not made yet. */
export function newConnection(url: string): pg.Client {
  const client = new pg.Client(url);
  // A test may stop the server meanwhile; without a listener, that would end the process.
  client.on("error", () => {});
  return client;
}

/** Runs the work on a connection of its own. */
export async function onConnection<Result>(url: string, work: (client: pg.Client) => Promise<Result>): Promise<Result> {
  const client = newConnection(url);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end();
  }
}
