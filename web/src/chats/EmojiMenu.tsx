import { EmojiRow } from "../ui/EmojiRow";
import { Icon } from "../ui/Icon";
import { Popover } from "../ui/Popover";
import { walkMenu } from "../ui/walkMenu";
import { EMOJI } from "./reactions";

export function EmojiMenu({ onReact }: { readonly onReact: (emoji: string) => void }) {
  return (
    <Popover
      label="React"
      className="icon-button small react-button"
      tabIndex={-1}
      button={<Icon name="smile" size={17} />}
      kind="menu"
      panelLabel="React with"
      panelClassName="emoji-menu"
      onKeyDown={walkMenu}
    >
      {(close) => (
        <EmojiRow
          choices={EMOJI}
          onChoose={(emoji) => {
            close();
            onReact(emoji);
          }}
        />
      )}
    </Popover>
  );
}
