/**
 * What waits for a tenant's people, for those who may approve or operate: `GET /operate/inbox` at the front door, because an inbox is
 * a tenant's and no agent's. Decides nothing: it asks the tenant's inbox object, and says where each answer goes.
 */
import { Hono } from "hono";
import * as v from "valibot";
import { drain } from "../../shared/a2a/body.ts";
import { RequestError, toRequestError } from "../../shared/a2a/errors.ts";
import { answerHttpJson, onlyFor } from "../../shared/a2a/http-json.ts";
import { decodePageToken, encodePageToken } from "../../shared/a2a/page-token.ts";
import { wholeNumber } from "../../shared/a2a/path.ts";
import { parseRequest, text } from "../../shared/a2a/request.ts";
import type { AuthEnv } from "../../shared/auth/authenticate.ts";
import type { InboxApi, InboxEnv } from "../../shared/host/inbox/api.ts";
import { tenantCaller } from "./tenant-caller.ts";

const KINDS = ["question", "approval", "limit", "paused"] as const;
const size = "must be a whole number from 1 to 100";
const query = v.object({
  kind: v.optional(v.picklist(KINDS, `must be among ${KINDS.join(", ")}`)),
  about: v.optional(text),
  pageSize: v.optional(v.pipe(v.number(size), v.integer(size), v.minValue(1, size), v.maxValue(100, size)), 50),
  pageToken: v.optional(v.string()),
});

export function inboxFace<E extends AuthEnv & InboxEnv>(): Hono<{ Bindings: E }> {
  const app = new Hono<{ Bindings: E }>();
  for (const prefix of ["", "/:tenant"]) {
    const path = `${prefix}/operate/inbox`;
    app.get(path, async (c) => {
      const { tenant } = await tenantCaller(c, ["approve", "operate"]);
      const said = c.req.query();
      const { kind, about, pageSize, pageToken } = parseRequest(query, {
        ...said,
        ...(said["pageSize"] !== undefined && { pageSize: wholeNumber(said["pageSize"]) }),
      });
      const inbox = c.env.INBOX?.getByName(tenant) as unknown as InboxApi | undefined;
      if (!inbox)
        throw new RequestError("unavailable", "this mesh keeps no inbox: bind INBOX to the object of skein-ledger, as wrangler.toml does");
      const { waiting, next, total } = await inbox.list({ kind, about, pageSize, cursor: decodePageToken(pageToken) });
      return c.json({ tenant, waiting, nextPageToken: next ? encodePageToken(next) : "", totalSize: total });
    });
    app.all(path, onlyFor("GET"));
  }
  app.onError(async (error, c) => {
    await drain(c.req.raw);
    return answerHttpJson(toRequestError(error));
  });
  return app;
}
