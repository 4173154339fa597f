import { useTies } from "../live/SharedStates";
import { OnlineNow } from "../presence/OnlineNow";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { BlockedPeople } from "./BlockedPeople";
import { Connections } from "./Connections";
import { FindPeople } from "./FindPeople";
import { ReceivedRequests } from "./ReceivedRequests";
import { SentRequests } from "./SentRequests";

export function PeoplePage() {
  const { state, error, reload } = useTies();
  return (
    <div className="column">
      <h1>People</h1>
      <OnlineNow />
      {state === null && error === null && <Loading what="people" rows={5} />}
      {state === null && error !== null && (
        <Failure what="Your people could not be loaded" error={error} onRetry={reload} />
      )}
      {state !== null && (
        <>
          <ReceivedRequests requests={state.received} />
          <FindPeople ties={state} />
          <SentRequests requests={state.sent} />
          <Connections people={state.connections} />
          <BlockedPeople people={state.blocked} />
        </>
      )}
    </div>
  );
}
