import { timestampFromDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import { defineFault } from "../../fault.js";
import type { Session } from "../../reference/reference.js";

const inOrder = "session/lifecycle/times-in-order";

function at(session: Session, afterMs: number): Timestamp {
  return timestampFromDate(new Date(session.startedAt.getTime() + afterMs));
}

export const zeroExpiry = defineFault({
  name: "zero-expiry",
  breaks: [inOrder],
  apply: (reference) => {
    reference.timesOf = (session) => ({
      startedAt: at(session, 0),
      expiresAt: timestampFromDate(new Date(0)),
    });
  },
});

export const drainsAfterExpiry = defineFault({
  name: "drains-after-expiry",
  breaks: [inOrder],
  apply: (reference) => {
    reference.timesOf = (session) => ({
      startedAt: at(session, 0),
      recommendedDrainAt: at(session, 7_200_000),
      expiresAt: at(session, 3_600_000),
    });
  },
});

export const expiryMovesOn = defineFault({
  name: "expiry-moves-on",
  breaks: [inOrder],
  apply: (reference) => {
    reference.timesOf = (session) => ({
      startedAt: at(session, 0),
      expiresAt: timestampFromDate(new Date(Date.now() + 3_600_000)),
    });
  },
});

export const expiryOnlyTold = defineFault({
  name: "expiry-only-told",
  breaks: ["session/lifecycle/expires-by-itself"],
  apply: (reference) => {
    reference.timesOf = (session) => ({ startedAt: at(session, 0), expiresAt: at(session, 6_000) });
  },
});

export const expiryWhenAsked = defineFault({
  name: "expiry-when-asked",
  breaks: ["session/lifecycle/expires-by-itself"],
  apply: (reference) => {
    reference.timesOf = (session) => ({ startedAt: at(session, 0), expiresAt: at(session, 6_000) });
    reference.around("getSession", async (request, next) => {
      const session = reference.sessions.get(request.sessionId);
      if (session !== undefined && Date.now() > session.startedAt.getTime() + 6_000)
        await reference.stopSession(session);
      return next(request);
    });
  },
});
