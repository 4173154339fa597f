import { STATUSES } from "../presence/presence";
import { STATUS_NAMES } from "../presence/statusNames";
import { useOwnStatus } from "../presence/useOwnStatus";
import { useSession } from "../session/SessionContext";
import { Avatar } from "../ui/Avatar";
import { Menu } from "../ui/Menu";

/** Who I am, what others see of me, and the way out. */
export function AccountMenu() {
  const { user, signOut } = useSession();
  const [status, setStatus] = useOwnStatus();
  return (
    <Menu
      label={`${user.name}: ${STATUS_NAMES[status]}`}
      className="account-button"
      button={<Avatar name={user.name} of={user.id} size="small" status={status} />}
      entries={[
        ...STATUSES.map((one) => ({
          text: STATUS_NAMES[one],
          checked: one === status,
          before: <span className={`status-dot ${one}`} />,
          onSelect: () => setStatus(one),
        })),
        { icon: "leave" as const, text: "Sign out", onSelect: signOut },
      ]}
    />
  );
}
