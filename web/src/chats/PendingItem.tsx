import type { ChatResult } from "kith-client/react";
import { Attachment } from "../files/Attachment";
import { useStatus } from "../live/ClientContext";
import { Icon } from "../ui/Icon";
import { RichText } from "../ui/RichText";

interface Props {
  readonly pending: ChatResult["pending"][number];
  readonly outbox: ChatResult;
}

/** What I said and the server does not have yet, or has refused. */
export function PendingItem({ pending, outbox }: Props) {
  const { fields, state, error, ref } = pending;
  return (
    <li className={`message mine pending ${state}`}>
      <article className="message-body" aria-label="You">
        <div className="bubble">
          {fields.attachment != null && <Attachment path={fields.attachment} caption={fields.content} />}
          <p className="message-text">
            <RichText text={fields.content} />
          </p>
          <p className="message-meta">{state === "failed" ? <Failed /> : <Sending />}</p>
        </div>
        {state === "failed" && (
          <div className="failed-row" role="alert">
            <span>{error?.message ?? "It was refused."}</span>
            <button type="button" className="button small" onClick={() => outbox.retry(ref)}>
              Retry
            </button>
            <button type="button" className="button quiet small" onClick={() => outbox.discard(ref)}>
              Discard
            </button>
          </div>
        )}
      </article>
    </li>
  );
}

function Sending() {
  const { state } = useStatus();
  return (
    <>
      <Icon name="clock" size={14} />
      <span>{state === "connected" ? "Sending…" : "Waiting for the connection"}</span>
    </>
  );
}

function Failed() {
  return (
    <>
      <Icon name="alert" size={14} />
      <span>Not sent</span>
    </>
  );
}
