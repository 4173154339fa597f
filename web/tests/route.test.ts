import { expect, test } from "vitest";
import { hrefOf, type Route, routeOf } from "../src/shell/route";

test("an address leads where it was made for", () => {
  const routes: Route[] = [
    { page: "chats", chatId: null },
    { page: "chats", chatId: 5 },
    { page: "feed", postId: null },
    { page: "feed", postId: 12 },
    { page: "people" },
  ];
  for (const route of routes) expect(routeOf(hrefOf(route))).toEqual(route);
});

test("an address that is none leads to the chats", () => {
  for (const hash of ["", "#", "#/", "#/nowhere/5", "#/chats/x", "#/chats/-1", "#/chats/0"]) {
    expect(routeOf(hash)).toMatchObject({ page: "chats", chatId: hash.endsWith("/5") ? 5 : null });
  }
});
