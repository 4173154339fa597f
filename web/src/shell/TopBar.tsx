import { ConnectionStatus } from "kith-client/react";
import { NotificationBell } from "../notifications/NotificationBell";
import { Brand } from "../ui/Brand";
import { ThemeToggle } from "../ui/ThemeToggle";
import { AccountMenu } from "./AccountMenu";

export function TopBar() {
  return (
    <header className="top">
      <a href="#/chats" className="top-brand" aria-label="Kith home">
        <Brand />
      </a>
      <ConnectionStatus />
      <div className="top-tools">
        <ThemeToggle />
        <NotificationBell />
        <AccountMenu />
      </div>
    </header>
  );
}
