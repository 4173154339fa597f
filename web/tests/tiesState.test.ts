import type { ServerEvent } from "kith-client";
import { expect, test } from "vitest";
import { type Ties, tiesAfter, tieWith } from "../src/people/tiesState";
import { BOB, event } from "./rows";

const NONE: Ties = { connections: [], received: [], sent: [], blocked: [] };
const channel = "connections";
const bob = { user_id: BOB, user_name: "Bob Bellamy" };

const after = (...events: ServerEvent[]) => events.reduce(tiesAfter, NONE);

const asks = event({
  type: "connection_request",
  channel,
  request_id: 9,
  from_user_id: BOB,
  from_user_name: "Bob Bellamy",
});
const asked = event({
  type: "request_sent",
  channel,
  request_id: 9,
  to_user_id: BOB,
  to_user_name: "Bob Bellamy",
});
const closed = event({ type: "request_closed", channel, request_id: 9, reason: "accepted" });
const accepted = event({ type: "connection_accepted", channel, request_id: 9, ...bob });

test("a request waits, once, until it is closed", () => {
  expect(tieWith(after(asks, asks), BOB)).toEqual({ tie: "received", requestId: 9 });
  expect(after(asks, asks).received).toHaveLength(1);
  expect(tieWith(after(asked), BOB)).toEqual({ tie: "sent", requestId: 9 });
  expect(tieWith(after(asked, closed), BOB).tie).toBe("none");
});

test("two who are connected have no request open, in whatever order that is told", () => {
  expect(tieWith(after(asks, accepted, closed), BOB).tie).toBe("connected");
  expect(tieWith(after(asks, closed, accepted), BOB).tie).toBe("connected");
  const removed = event({ type: "connection_removed", channel, request_id: 9, ...bob });
  expect(tieWith(after(accepted, removed), BOB).tie).toBe("none");
});

test("a block comes before everything else, and ends", () => {
  const block = (blocked: boolean) => event({ type: "block_changed", channel, ...bob, blocked });
  expect(tieWith(after(accepted, block(true)), BOB).tie).toBe("blocked");
  expect(tieWith(after(block(true), block(false)), BOB).tie).toBe("none");
});
