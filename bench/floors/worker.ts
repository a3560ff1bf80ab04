/**
 * The floors: the least a Worker can do and still do the same kind of work as ours. Whatever the platform itself costs is
 * in here; what our rows cost beyond it is ours. No A2A, no validation, no log: a floor may not do more than its name says.
 */
import { Hono } from "hono";
import type { RowObject } from "./row-object.ts";
import type { StreamObject } from "./stream-object.ts";

export { RowObject } from "./row-object.ts";
export { StreamObject } from "./stream-object.ts";

const SSE_EVENTS = 20;
/** As many as the skill of the benchmark has steps. */
const TURNS = 20;

const app = new Hono<{ Bindings: { ROWS: DurableObjectNamespace<RowObject>; STREAMS: DurableObjectNamespace<StreamObject> } }>();

app.get("/hello", (c) => c.text("hello"));

/** An object nobody has used before: one table, one insert, one read. */
app.post("/fresh", async (c) => {
  const object = c.env.ROWS.get(c.env.ROWS.newUniqueId());
  return c.json({ text: await object.insertAndRead(await c.req.text()) });
});

/** The same object each time: one insert. */
app.post("/hot", async (c) => {
  const object = c.env.ROWS.get(c.env.ROWS.idFromName("hot"));
  return c.json({ rows: await object.insert(await c.req.text()) });
});

/** The object of that name: one insert. */
app.post("/rows/:name", async (c) => {
  const object = c.env.ROWS.get(c.env.ROWS.idFromName(`named ${c.req.param("name")}`));
  return c.json({ rows: await object.insert(await c.req.text()) });
});

/** The same object each time: one insert in each of its turns, or as many turns with nothing to do. */
app.post("/turns", async (c) => {
  const object = c.env.ROWS.get(c.env.ROWS.idFromName("hot"));
  return c.json({ rows: await object.insertInTurns(await c.req.text(), TURNS) });
});
app.post("/idle-turns", async (c) => {
  const object = c.env.ROWS.get(c.env.ROWS.idFromName("hot"));
  return c.json({ rows: await object.takeTurns(TURNS) });
});

/**
 * A stream of as many events as our `stream` skill has chunks, with nothing stored. One pull an event, because the events
 * of a real task come one by one; enqueued at once they would leave as one write, four times as fast.
 */
app.post("/events", async (c) => {
  const text = await c.req.text();
  const encoder = new TextEncoder();
  let index = 0;
  const events = new ReadableStream({
    pull(controller) {
      if (index === SSE_EVENTS) controller.close();
      else controller.enqueue(encoder.encode(`data: ${JSON.stringify({ index, text })}\n\n`));
      index += 1;
    },
  });
  return c.body(events, 200, { "Content-Type": "text/event-stream" });
});

/** One fetch, to whom the request names. */
app.post("/notify", async (c) => {
  const told = await fetch(await c.req.text(), { method: "POST", body: "done" });
  return c.json({ status: told.status });
});

/** A stream that an object keeps open, and whatever is told to all of them. */
app.get("/watch", async (c) => {
  const events = await c.env.STREAMS.get(c.env.STREAMS.idFromName("watched")).watch();
  return c.body(events, 200, { "Content-Type": "text/event-stream" });
});
app.post("/tell", async (c) => {
  const object = c.env.STREAMS.get(c.env.STREAMS.idFromName("watched"));
  return c.json({ streams: await object.tell(await c.req.text()) });
});

export default app;
