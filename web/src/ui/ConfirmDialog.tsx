import { Dialog } from "./Dialog";

interface Props {
  readonly title: string;
  readonly text: string;
  /** What the button says. */
  readonly confirm: string;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** Asks before something that cannot be taken back. */
export function ConfirmDialog({ title, text, confirm, onConfirm, onClose }: Props) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{text}</p>
      <footer className="dialog-foot">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" className="button danger solid" onClick={onConfirm}>
          {confirm}
        </button>
      </footer>
    </Dialog>
  );
}
