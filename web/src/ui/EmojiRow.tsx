interface Props {
  readonly choices: readonly { readonly emoji: string; readonly name: string }[];
  /** The one that holds now, where only one can. */
  readonly chosen?: string | null;
  readonly onChoose: (emoji: string) => void;
}

/** Emoji in a menu, as items of it. */
export function EmojiRow({ choices, chosen, onChoose }: Props) {
  return (
    <div className="emoji-row" role="none">
      {choices.map(({ emoji, name }) => (
        // biome-ignore lint/a11y/useAriaPropsSupportedByRole: it is checked only where its role can be
        <button
          key={emoji}
          type="button"
          role={chosen === undefined ? "menuitem" : "menuitemradio"}
          aria-checked={chosen === undefined ? undefined : chosen === emoji}
          tabIndex={-1}
          className="emoji"
          aria-label={name}
          title={name}
          onClick={() => onChoose(emoji)}
        >
          {emoji}
        </button>
      ))}
    </div>
  );
}
