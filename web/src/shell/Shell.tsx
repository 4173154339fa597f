import { useEffect, useRef } from "react";
import { ChatsPage } from "../chats/ChatsPage";
import { FeedPage } from "../feed/FeedPage";
import { NotificationToasts } from "../notifications/NotificationToasts";
import { PeoplePage } from "../people/PeoplePage";
import { KeepStatus } from "../presence/KeepStatus";
import { Navigation } from "./Navigation";
import { PageTitle } from "./PageTitle";
import { type Route, useRoute } from "./route";
import { TopBar } from "./TopBar";

/** What is around every page: the bar on top, the way to the other pages, and what goes on in the background. */
export function Shell() {
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);

  // As after following a link to another page: the focus is at its beginning.
  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever the page changes
  useEffect(() => {
    if (!first.current) main.current?.focus();
    first.current = false;
  }, [route.page]);

  return (
    <div className="shell">
      <button type="button" className="skip" onClick={() => main.current?.focus()}>
        Skip to the page
      </button>
      <TopBar />
      <Navigation route={route} />
      <main ref={main} className={`main ${route.page}`} tabIndex={-1}>
        <PageOf route={route} />
      </main>
      <PageTitle route={route} />
      <NotificationToasts />
      <KeepStatus />
    </div>
  );
}

function PageOf({ route }: { readonly route: Route }) {
  switch (route.page) {
    case "chats":
      return <ChatsPage chatId={route.chatId} />;
    case "feed":
      return <FeedPage postId={route.postId} />;
    case "people":
      return <PeoplePage />;
  }
}
