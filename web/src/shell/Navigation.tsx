import { useChats, useTies } from "../live/SharedStates";
import { OnlineNow } from "../presence/OnlineNow";
import { Badge } from "../ui/Badge";
import { Icon, type IconName } from "../ui/Icon";
import { hrefOf, type Route } from "./route";

interface Entry {
  readonly route: Route;
  readonly icon: IconName;
  readonly text: string;
  readonly count: number;
  readonly counted: string;
}

/** The way between the pages: at the side, and at the bottom of a phone. */
export function Navigation({ route }: { readonly route: Route }) {
  const chats = useChats();
  const ties = useTies();
  const unread = (chats.state?.rows ?? []).filter((chat) => chat.unread_count > 0).length;
  const entries: Entry[] = [
    {
      route: { page: "chats", chatId: null },
      icon: "chats",
      text: "Chats",
      count: unread,
      counted: "unread",
    },
    { route: { page: "feed", postId: null }, icon: "feed", text: "Feed", count: 0, counted: "" },
    {
      route: { page: "people" },
      icon: "people",
      text: "People",
      count: ties.state?.received.length ?? 0,
      counted: "waiting for your answer",
    },
  ];
  return (
    <div className="side">
      <nav aria-label="Main">
        <ul>
          {entries.map((entry) => (
            <li key={entry.text}>
              <a
                href={hrefOf(entry.route)}
                className="side-link"
                aria-current={entry.route.page === route.page ? "page" : undefined}
              >
                <Icon name={entry.icon} size={22} />
                <span className="side-text">{entry.text}</span>{" "}
                <Badge count={entry.count} what={entry.counted} />
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <OnlineNow />
    </div>
  );
}
