import { useSyncExternalStore } from "react";

/** Where in the page one is; it lives in the address behind `#`, so that Back, reloads and links work. */
export type Route =
  | { readonly page: "chats"; readonly chatId: number | null }
  | { readonly page: "feed"; readonly postId: number | null }
  | { readonly page: "people" };

export function routeOf(hash: string): Route {
  const [page, id] = hash.replace(/^#\/?/, "").split("/");
  const number = id !== undefined && /^[1-9][0-9]*$/.test(id) ? Number(id) : null;
  if (page === "feed") return { page, postId: number };
  if (page === "people") return { page };
  return { page: "chats", chatId: number };
}

export function hrefOf(route: Route): string {
  switch (route.page) {
    case "chats":
      return route.chatId === null ? "#/chats" : `#/chats/${route.chatId}`;
    case "feed":
      return route.postId === null ? "#/feed" : `#/feed/${route.postId}`;
    case "people":
      return "#/people";
  }
}

export function goTo(route: Route): void {
  location.hash = hrefOf(route);
}

export function useRoute(): Route {
  const hash = useSyncExternalStore(subscribe, () => location.hash);
  return routeOf(hash);
}

function subscribe(listener: () => void): () => void {
  addEventListener("hashchange", listener);
  return () => removeEventListener("hashchange", listener);
}
