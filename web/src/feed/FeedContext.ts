import { createContext, useContext } from "react";
import type { Live } from "../live/useSource";
import type { Feed } from "./feedState";

export const FeedContext = createContext<Live<Feed> | null>(null);

export function useFeed(): Live<Feed> {
  const feed = useContext(FeedContext);
  if (feed === null) throw new Error("useFeed is for what is inside <FeedPage>.");
  return feed;
}
