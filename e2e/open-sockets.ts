/** How many sockets and HTTP objects keep the event loop of this process busy. */
export function openSockets(): number {
  return process.getActiveResourcesInfo().filter((name) => /TCP|HTTP/.test(name)).length;
}
