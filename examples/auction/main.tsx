import { createClient, type History, type EventOf } from "@tidings/client";
import { createHooks } from "@tidings/react";
import { StrictMode, useActionState, useCallback, useEffect, useOptimistic, useState } from "react";
import { createRoot } from "react-dom/client";
import { auction, teapot, type Bid } from "./contract.ts";

const client = createClient(auction, { url: "/events" });
const { TidingsProvider, useChannel, useChannelState, useLatest, useStatus } = createHooks(auction);

/** What is wrong, or the id of the event that the server has published. */
type Answer = { readonly detail?: string; readonly id?: string };
async function post(path: string, body: object): Promise<Answer> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) }).catch(() => null);
  return response === null ? { detail: "No connection." } : ((await response.json()) as Answer);
}

function App() {
  const [name, setName] = useState<string | null>(null);
  const [error, signIn] = useActionState(async (_: string | null, form: FormData) => {
    const chosen = form.get("name") as string; // a text field
    const { detail = null } = await post("/api/session", { name: chosen });
    if (detail === null) setName(chosen);
    return detail;
  }, null);
  if (name !== null) return <Lot bidder={name} />;
  return (
    <form action={signIn}>
      <h1>Who is bidding?</h1>
      <input name="name" placeholder="Your name" required autoFocus />
      <button>Take part</button>
      <p className="hint" role="alert">
        {error}
      </p>
    </form>
  );
}

type Page = History<EventOf<typeof auction, "lot">>;

/** First the newest bids from history, then the live ones behind them. After a gap it begins again. */
function Lot({ bidder }: { bidder: string }) {
  const [page, setPage] = useState<Page | null>(null);
  const load = useCallback(() => void client.history(teapot, { last: 10 }).then(setPage, console.error), []);
  useEffect(load, [load]);
  return (
    <>
      <Banner />
      <h1>A teapot, stoneware, 1974</h1>
      <Price bidder={bidder} />
      {page && <Bids key={page.cursor} page={page} bidder={bidder} reload={load} />}
    </>
  );
}

const BANNERS: Record<string, string> = { retrying: "Connection lost. Reconnecting…", closed: "Reload the page." };

function Banner() {
  const text = BANNERS[useStatus().state];
  return text ? <output className="banner">{text}</output> : null;
}

/** The highest bid, and whether it has outbid one's own. */
function Price({ bidder }: { bidder: string }) {
  const price = useLatest(teapot, "price", (prices) => prices.get(""));
  const [outbid] = useChannelState(auction.inbox({ bidder }), {
    initial: null as Bid | null,
    gap: (newest) => newest,
    reduce: { outbid: (_, newest) => newest },
  });
  return (
    <>
      <p className="price">{price ? euros(price.amount) : "No bid yet"}</p>
      {outbid && price && price.bidder !== bidder && <p className="banner">{`${price.bidder} has outbid you.`}</p>}
    </>
  );
}

const euros = (amount: number): string => `€ ${amount.toLocaleString("en")}`;

/** One's own bid is shown at once: until the stream has brought it, or the server refuses it. */
type ShownBid = Bid & { readonly isPending?: boolean };

/** The highest bid first. What the stream has brought is not pending any more. */
const upsert = (bids: ShownBid[], bid: ShownBid): ShownBid[] =>
  bids.some(({ id }) => id === bid.id) ? bids : [bid, ...bids].toSorted((one, other) => other.amount - one.amount);

function Bids({ page, bidder, reload }: { page: Page; bidder: string; reload: () => void }) {
  const [bids, , reached] = useChannelState(teapot, {
    initial: page.events.flatMap((event) => (event.type === "bid" ? [event.data] : [])).toReversed(),
    after: page.cursor,
    gap: (known) => known, // the handler below begins again
    reduce: { bid: upsert },
  });
  const [typing, setTyping] = useState("");
  useEffect(() => {
    const timer = setTimeout(() => setTyping(""), 3_000);
    return () => clearTimeout(timer);
  }, [typing]);
  useChannel(
    teapot,
    {
      bid: () => setTyping(""),
      typing: (event) => event.bidder !== bidder && setTyping(`${event.bidder} is thinking about a bid…`),
      onGap: reload,
    },
    { after: page.cursor },
  );
  const [shown, showAtOnce] = useOptimistic<ShownBid[], ShownBid>(bids, upsert);
  const [error, offer] = useActionState(async (_: string | null, form: FormData) => {
    const bid = { id: crypto.randomUUID(), amount: Number(form.get("amount")), bidder, at: new Date() };
    showAtOnce({ ...bid, isPending: true });
    const { id, detail = null } = await post("/api/bids", bid);
    if (id !== undefined) await reached(id);
    return detail;
  }, null);
  return (
    <>
      <form action={offer}>
        <input name="amount" type="number" placeholder="Your bid in euros" required onInput={sayTyping} />
        <button>Bid</button>
      </form>
      <p className="hint">
        <span role="alert">{error}</span> <span role="status">{error ? "" : typing}</span>
      </p>
      <ol aria-label="Bids">
        {shown.map(({ id, amount, isPending, ...bid }) => (
          <li key={id} className={isPending ? "pending" : ""}>
            <span>{bid.bidder}</span>
            <span>{`${euros(amount)}${isPending ? ", sending…" : ""}`}</span>
          </li>
        ))}
      </ol>
    </>
  );
}

const sayTyping = () => void post("/api/typing", {});

createRoot(document.body.appendChild(document.createElement("main"))).render(
  <StrictMode>
    <TidingsProvider client={client}>
      <App />
    </TidingsProvider>
  </StrictMode>,
);
