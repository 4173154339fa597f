import { messageOf } from "../api/ApiError";
import { Icon } from "./Icon";

interface Props {
  /** What could not be done, as a sentence without its full stop. */
  readonly what: string;
  readonly error: unknown;
  readonly onRetry: () => void;
}

export function Failure({ what, error, onRetry }: Props) {
  return (
    <div className="failure" role="alert">
      <Icon name="alert" size={26} />
      <p className="empty-title">{what}</p>
      <p className="empty-text">{messageOf(error)}</p>
      <button type="button" className="button" onClick={onRetry}>
        Try again
      </button>
    </div>
  );
}
